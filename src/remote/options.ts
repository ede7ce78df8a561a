// What a client is made with, and what each call may be given.
import { errorOf, invalid, refuse } from "../core/errors.ts";

/** As the platform's own `fetch`; of a service binding `(url, init) => env.QUEUES.fetch(url, init)`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ConnectOptions {
  /** The address of the Worker that has the queues, such as `https://your.worker`. */
  url: string;
  /** Its TASKQUEUE_TOKEN, or TASKQUEUE_READ_TOKEN to look only. A local server without one needs none. */
  token?: string | undefined;
  /** Default the platform's. */
  fetch?: Fetch;
  /** How often a call is repeated that got no answer and may be repeated. Default 5, within about 6 seconds. */
  retries?: number;
  /** Seconds to wait for the answer to one try. Default 30. */
  timeout?: number;
  /**
   * Whether an add may be repeated, for which a task without a name gets one; a named task costs two rows more.
   * Default true.
   */
  idempotent?: boolean;
}

export interface CallOptions {
  /** Ends the call when it aborts; its reason is thrown. */
  signal?: AbortSignal | undefined;
  /** In place of the client's own number. */
  retries?: number;
  /** In place of the client's own, in seconds. */
  timeout?: number;
  /** The same call was made before and got no answer, so that what it asks for may be done already. */
  isRepeat?: boolean;
}

/** Where the API is, without a slash at its end. */
export function apiOf(url: unknown): string {
  const expected = "the address of the Worker that has the queues, such as https://your.worker";
  if (typeof url !== "string" || !URL.canParse(url))
    throw errorOf(invalid("url", url, expected).failure);
  const { protocol, origin, pathname, search, hash, username } = new URL(url);
  if (!/^https?:$/.test(protocol) || search || hash || username) {
    throw errorOf(invalid("url", url, `${expected}, without a query or a user`).failure);
  }
  return `${origin}${pathname.replace(/(\/_ah\/api)?\/*$/, "")}/_ah/api`;
}

/** What goes into the Authorization header; the token itself is in no message. */
export function authorizationOf(token: string | undefined): string | undefined {
  if (token === undefined || token === "") return undefined;
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return `Bearer ${token}`;
  const message =
    "token: found one with spaces, line breaks or letters beyond ASCII, expected none of them";
  throw errorOf(refuse("INVALID_REQUEST", message).failure);
}

/** Seconds that one try may take: more than a timer can wait would be none at all. */
const TIMEOUT_S = { min: 0.001, max: 86_400 };

/** Seconds as ms; throws for what is none, or more than a day. */
export function timeoutMs(seconds: unknown): number {
  const { min, max } = TIMEOUT_S;
  if (typeof seconds === "number" && seconds >= min && seconds <= max) return seconds * 1000;
  throw errorOf(invalid("timeout", seconds, `seconds from ${min} to ${max}`).failure);
}

/** Throws for what is no number of times or seconds. */
export function checkNumber(field: string, value: unknown): number {
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value;
  throw errorOf(invalid(field, value, "a number, 0 or more").failure);
}
