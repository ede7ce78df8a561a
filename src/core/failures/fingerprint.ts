// What went wrong with a task, with what differs from one task to the next taken out, so that one fault is one text; and
// a short name of that, its fingerprint. It is computed when it is asked for and stored nowhere, so that records of any
// version have one. What a record comes to may not change between versions: a redrive under way goes by it.
import { utf8 } from "../bytes.ts";
import { UNACKNOWLEDGED } from "../task/lease.ts";
import type { Attempt } from "../task/task.ts";

/** Of the record of a task that has failed or expired, what its fault is seen by. */
export interface FaultRecord {
  /** It was not started in time. */
  expired: boolean;
  /** Absent where it is the queue's own, or the task is a pull task. */
  url?: string | undefined;
  target?: string | undefined;
  /** Its last attempt, if it had one. */
  last?: Pick<Attempt, "status" | "error"> | undefined;
}

/**
 * Why there is no status: no answer by the deadline, none at all, the server ended during the attempt; of a pull task,
 * nobody acknowledged it, or its worker gave it up.
 */
export type FailureReason = "deadline" | "connection" | "cut_off" | "lease" | "worker";

export interface Fault {
  fingerprint: string;
  state: "failed" | "expired";
  status?: number;
  reason?: FailureReason;
  /** Where it was sent: a path or an url without its query. Absent for pull tasks. */
  target?: string;
  /** The head of the error, without what varies. */
  error?: string;
}

export const HEAD_LENGTH = 160;

/** 16 hexadecimal digits. */
export const FINGERPRINT = /^[0-9a-f]{16}$/;

/** A fault without its fingerprint. */
export type Unnamed = Omit<Fault, "fingerprint">;

/** `home`: the url of the queue's tasks that name none; undefined for a pull queue. */
export function faultOf(record: FaultRecord, home: string | undefined): Fault {
  const fault = unnamedOf(record, home);
  return { fingerprint: hashOf(textOf(fault)), ...fault };
}

export function unnamedOf(record: FaultRecord, home: string | undefined): Unnamed {
  const target = targetOf(record, home);
  const to = target === undefined ? {} : { target };
  if (record.expired) return { state: "expired", ...to };
  const { status, error = "" } = record.last ?? {};
  const head = withoutVarying(error).slice(0, HEAD_LENGTH).trimEnd();
  const what = status === undefined ? { reason: reasonOf(error, home === undefined) } : { status };
  return { state: "failed", ...what, ...to, ...(head === "" ? {} : { error: head }) };
}

/** What it is in one text: the same for the same fault. */
export function textOf({ state, status, reason, target, error }: Unnamed): string {
  return JSON.stringify([state, status ?? reason ?? null, target ?? null, error ?? null]);
}

function reasonOf(error: string, isPull: boolean): FailureReason {
  if (isPull) return error === UNACKNOWLEDGED ? "lease" : "worker";
  if (/^cut off\b/.test(error)) return "cut_off";
  return /\bdeadline\b/.test(error) ? "deadline" : "connection";
}

function targetOf({ url = "", target }: FaultRecord, home: string | undefined): string | undefined {
  if (home === undefined) return undefined;
  const [, origin = "", path = ""] = URL_PARTS.exec(url || home) ?? [];
  const place = origin + masked(path, IDS).slice(0, HEAD_LENGTH);
  return target === undefined ? place : `${target} ${place}`;
}

const URL_PARTS = /^(https?:\/\/[^/?#]+)?([^?#]*)/i;

type Mask = readonly [varying: RegExp, mask: string];

/** In this order: what a later one finds may be part of what an earlier one takes out. */
const IDS: readonly Mask[] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.]*(Z|[+-]\d\d:?\d\d)?/g, "<time>"],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, "<uuid>"],
  [/(?<![\w.+-])[\w.+-]{1,64}@[\w-]+\.[\w.-]+/g, "<email>"],
  [/\b(0x[0-9a-f]+|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,})\b/gi, "<hex>"],
  [/\b(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[\w-]{8,}/g, "<id>"],
  [/(?<!\w)\d+([.,:]\d+)*/g, "<n>"],
];

const QUOTED: readonly Mask[] = [
  [/"[^"]*"/g, "<quoted>"],
  [/`[^`]*`/g, "<quoted>"],
  // An apostrophe is no quote.
  [/(?<!\w)'[^']*'(?!\w)/g, "<quoted>"],
];

/** The error on one line, without what differs from task to task. */
export function withoutVarying(error: string): string {
  const line = error.replace(/\s+/g, " ").trim();
  // In JSON everything is quoted, and what went wrong too.
  const isJson = /^[{[]/.test(line);
  return masked(line, isJson ? IDS : [...QUOTED, ...IDS]);
}

function masked(text: string, masks: readonly Mask[]): string {
  return masks.reduce((left, [varying, mask]) => left.replace(varying, mask), text);
}

const MASK_64 = (1n << 64n) - 1n;

/** FNV-1a in 64 bits, of UTF-8. */
export function hashOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of utf8(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK_64;
  return hash.toString(16).padStart(16, "0");
}
