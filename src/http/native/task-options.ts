// The options of a new task that stand in the query: beside a form or a raw body all of them, beside JSON those
// that are not in the body. An option in both places has to say the same.
import { decimalOrText } from "../../core/decimal.ts";
import { type Answer, formatValue, invalid, type Refusal, refuse } from "../../core/errors.ts";
import { parseForm } from "../decode.ts";

export type Options = Record<string, unknown>;

/** What is the caller's token, whatever it says. */
const TOKEN_IN_QUERY = "access_token";

/** Options whose parts are named apart: `retry.limit=3`, `oidcToken.audience=x`, `header.X-Team=a`. */
const PARTS: Readonly<Record<string, string>> = {
  retry: "retry",
  oidcToken: "oidcToken",
  debounce: "debounce",
  throttle: "throttle",
  header: "headers",
};

/** Options that are numbers in JSON too. */
const NUMBERS: readonly string[] = ["dispatchDeadline", "priority"];

/** The options in a url's query. A `key` there is the task's: the door has taken away what was the caller's token. */
export function optionsIn(url: string): Answer<Options> {
  const given = new Set<string>();
  const options = new Map<string, unknown>();
  const parts = new Map<string, Map<string, unknown>>();
  for (const [name, value] of parseForm(new URL(url).search.slice(1), "query")) {
    if (name === TOKEN_IN_QUERY) continue;
    const [, parent = "", part = ""] =
      /^(retry|oidcToken|debounce|throttle|header)\.(.+)$/s.exec(name) ?? [];
    if (given.has(name) && parent !== "header") return invalid(name, value, "each option once");
    given.add(name);
    if (Object.values(PARTS).includes(name)) return invalid(name, value, `its parts: ${HINT}`);
    if (parent === "") options.set(name, NUMBERS.includes(name) ? decimalOrText(value) : value);
    else {
      const field = PARTS[parent] as string;
      const fields = parts.get(field) ?? new Map();
      parts.set(field, fields.set(part, partIn(parent, value, fields.get(part))));
    }
  }
  for (const [field, fields] of parts) options.set(field, Object.fromEntries(fields));
  return { ok: Object.fromEntries(options) };
}

// A header given several times is a list.
function partIn(parent: string, value: string, before: unknown): unknown {
  if (["retry", "debounce", "throttle"].includes(parent)) return decimalOrText(value);
  return before === undefined ? value : [before, value].flat();
}

const HINT = "retry.limit, oidcToken.audience, header.X-Team and so on";

/** The task of the body with the query's options. */
export function withOptions(task: Options, options: Options, at = ""): Answer<Options> {
  const changed = new Map<string, unknown>();
  for (const [name, inQuery] of Object.entries(options)) {
    const own = ownName(task, name, at);
    const inBody = own === undefined ? undefined : task[own];
    if (own === undefined) changed.set(name, inQuery);
    else if (isObject(inQuery) && isObject(inBody)) {
      const parts = withOptions(inBody, inQuery, `${name}.`);
      if (parts.failure) return parts;
      changed.set(own, parts.ok);
    } else if (!isSame(name, inQuery, inBody)) return refuseBoth(at + name, inQuery, inBody);
  }
  return { ok: { ...task, ...Object.fromEntries(changed) } };
}

// Headers are the same in any case.
function ownName(task: Options, name: string, at: string): string | undefined {
  if (at !== "headers.") return Object.hasOwn(task, name) ? name : undefined;
  return Object.keys(task).find((own) => own.toLowerCase() === name.toLowerCase());
}

function isSame(name: string, inQuery: unknown, inBody: unknown): boolean {
  const [only, ...more] = [inBody].flat();
  if (isObject(inQuery) || typeof only === "object" || more.length > 0) return false;
  const [a, b] = [String(inQuery), String(only)];
  if (a === b) return true;
  if (name === "eta") return Date.parse(a) === Date.parse(b);
  if (name === "method") return a.toUpperCase() === b.toUpperCase();
  return [...NUMBERS, "countdown", "expires"].includes(name) && Number(a) === Number(b);
}

function refuseBoth(name: string, inQuery: unknown, inBody: unknown): Refusal {
  const found = `found ${formatValue(inQuery)} in the query and ${formatValue(inBody)} in the body`;
  return refuse("INVALID_REQUEST", `${name}: ${found}, expected one of them, or the same`);
}

function isObject(value: unknown): value is Options {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
