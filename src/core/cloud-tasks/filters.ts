// The filters of the API: of a list of queues, and of a lease.
import type { LeaseRequest } from "../task/lease.ts";
import { QUEUE } from "./messages.ts";
import { fieldPath } from "./proto-json.ts";
import { invalidArgument } from "./status.ts";

export type QueueFilter = (queue: object) => boolean;

const CONDITION = /^\s*([A-Za-z_.]+)\s*(:|=|!=|<=|>=|<|>)\s*("[^"]*"|[^\s"]+)\s*$/;

/** Conditions on fields: `state: PAUSED`, `rateLimits.maxDispatchesPerSecond > 5 AND state != DISABLED`. */
export function parseFilter(text: string): QueueFilter {
  if (text.trim() === "") return () => true;
  const alternatives = text.split(/\s+OR\s+/).map((part) => part.split(/\s+AND\s+/).map(condition));
  return (queue) => alternatives.some((all) => all.every((holds) => holds(queue)));
}

function condition(text: string): QueueFilter {
  const [, field = "", operator = "", quoted = ""] = CONDITION.exec(text) ?? [];
  const path = fieldPath(QUEUE, field);
  if (!path) {
    throw invalidArgument(
      `Invalid filter: found '${text}', expected conditions such as 'state: PAUSED' joined by AND or OR.`,
    );
  }
  const wanted = quoted.replace(/^"|"$/g, "");
  return (queue) => compares(valueAt(queue, path), operator, wanted);
}

function valueAt(queue: object, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], queue);
}

function compares(value: unknown, operator: string, wanted: string): boolean {
  if (operator === ":") return `${value ?? ""}`.toLowerCase().includes(wanted.toLowerCase());
  if (operator === "=") return `${value}` === wanted;
  if (operator === "!=") return `${value}` !== wanted;
  const [a, b] = [Number(value), Number(wanted.replace(/s$/, ""))];
  return { "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b }[operator] ?? false;
}

const BY_TAG = /^tag\s*=\s*(?:"([^"]+)"|([^\s"]+))$/;
const BY_OLDEST = /^tag_function\s*=\s*oldest_tag\(\)$/;

/** The tasks to lease: `tag=x`, or `tag_function=oldest_tag()`. */
export function tagOf(filter = ""): Pick<LeaseRequest, "tag" | "oldestTag"> {
  const text = filter.trim();
  if (text === "") return {};
  if (BY_OLDEST.test(text)) return { oldestTag: true };
  const [, quoted, plain] = BY_TAG.exec(text) ?? [];
  const tag = quoted ?? plain;
  if (tag !== undefined) return { tag };
  throw invalidArgument(
    `Invalid filter: found '${filter}', expected 'tag=<tag>' or 'tag_function=oldest_tag()'.`,
  );
}
