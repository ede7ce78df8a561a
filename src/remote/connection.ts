// Calls over HTTP. A try that gets no answer is repeated with pauses, where repeating cannot do harm.
import { utf8 } from "../core/bytes.ts";
import { errorOf, invalid, refuse, TaskQueueError } from "../core/errors.ts";
import { MAX_CALL_BYTES } from "../core/limits.ts";
import { backoff, sleep } from "./clock.ts";
import { NoAnswerError } from "./no-answer.ts";
import {
  apiOf,
  authorizationOf,
  type CallOptions,
  type ConnectOptions,
  checkNumber,
  type Fetch,
  timeoutMs,
} from "./options.ts";
import { type Missing, missed, type Reply, replyOf } from "./reply.ts";

export interface Call {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Under /_ah/api. */
  path: string;
  query?: object;
  body?: unknown;
  /** In place of a body: lines of JSON. */
  lines?: string;
  /** Whether doing it twice comes to the same as once. */
  mayRepeat: boolean;
  /** Seconds the queues themselves may take to answer. */
  waitSeconds?: number;
}

/** `isRepeat`: the call was made before, without an answer, and may have had its effect then. */
export type Outcome<T> = { isRepeat: boolean } & (
  | { value: T; error?: undefined }
  | { error: TaskQueueError; value?: undefined }
);

/** Seconds of a Retry-After that are waited; what asks for more is the caller's to decide. */
const MAX_RETRY_AFTER_S = 60;

export class Connection {
  readonly #api: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: Fetch;
  readonly #retries: number;
  readonly #timeoutMs: number;

  constructor({ url, token, fetch: given, retries = 5, timeout = 30 }: ConnectOptions) {
    this.#api = apiOf(url);
    const authorization = authorizationOf(token);
    this.#headers = authorization === undefined ? {} : { Authorization: authorization };
    // Not the function itself, which browsers refuse to call as a method of something else.
    this.#fetch = given ?? ((to, init) => fetch(to, init));
    this.#retries = checkNumber("retries", retries);
    this.#timeoutMs = timeoutMs(timeout);
  }

  /** The answer; throws the class of a refusal's code, NoAnswerError, or the signal's reason. */
  async call<T>(call: Call, options?: CallOptions): Promise<T> {
    const { value, error } = await this.outcomeOf<T>(call, options);
    if (error) throw error;
    return value as T;
  }

  /** The answer or the refusal; throws NoAnswerError, or the signal's reason. */
  async outcomeOf<T>(call: Call, options: CallOptions = {}): Promise<Outcome<T>> {
    const { signal, timeout } = options;
    const retries = checkNumber("retries", options.retries ?? this.#retries);
    const request = this.#requestOf(call);
    const waitMs = (call.waitSeconds ?? 0) * 1000;
    const limit = waitMs + (timeout === undefined ? this.#timeoutMs : timeoutMs(timeout));
    let { isRepeat = false } = options;
    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted();
      const reply = await this.#try(request, limit, signal);
      if (reply.kind === "answer") return { value: reply.value as T, isRepeat };
      if (reply.kind === "refusal") return { error: reply.error, isRepeat };
      if (tries > retries || !mayTryAgain(call, reply)) throw noAnswer(request, reply, tries);
      isRepeat ||= reply.mayBeDone;
      await sleep(Math.max(backoff(tries), (reply.retryAfter ?? 0) * 1000), signal);
    }
  }

  /** A response whose body comes bit by bit, until `signal` aborts; throws as `call` does. Tried once. */
  async open(call: Call, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const request = this.#requestOf(call);
    const response = await this.#fetch(request.url, { ...request.init, signal }).catch((error) => {
      signal.throwIfAborted();
      throw noAnswer(request, missed(error), 1);
    });
    if (response.ok && response.body) return response.body;
    const reply = await replyOf(response);
    if (reply.kind === "refusal") throw reply.error;
    throw noAnswer(request, reply.kind === "answer" ? missed("no stream") : reply, 1);
  }

  async #try(request: Prepared, limitMs: number, signal: AbortSignal | undefined): Promise<Reply> {
    const cut = cutAfter(limitMs, signal);
    try {
      return await replyOf(await this.#fetch(request.url, { ...request.init, signal: cut.signal }));
    } catch (error) {
      signal?.throwIfAborted();
      return missed(cut.signal.aborted ? cut.signal.reason : error);
    } finally {
      cut.done();
    }
  }

  /** The body of the answer as it comes; throws as `call` does, once. What breaks off later is the reader's to see. */
  async stream(path: string, query: object, signal?: AbortSignal): Promise<ReadableStream> {
    const request = this.#requestOf({ method: "GET", path, query, mayRepeat: false });
    try {
      const init = { ...request.init, ...(signal && { signal }) };
      const response = await this.#fetch(request.url, init);
      if (response.ok && response.body) return response.body;
      const reply = await replyOf(response);
      if (reply.kind === "refusal") throw reply.error;
      throw noAnswer(request, { ...missed("no lines"), ...reply, mayPass: false } as Missing, 1);
    } catch (error) {
      if (error instanceof TaskQueueError || error instanceof NoAnswerError) throw error;
      signal?.throwIfAborted();
      throw noAnswer(request, missed(error), 1);
    }
  }

  #requestOf({ method, path, query, body, lines }: Call): Prepared {
    const url = `${this.#api}${path}${queryText(query)}`;
    // A redirected POST would arrive as a GET, and to follow one could hand on the token.
    const init: RequestInit = { method, headers: this.#headers, redirect: "manual" };
    if (lines !== undefined) {
      const headers = { ...this.#headers, "Content-Type": "application/x-ndjson" };
      return { url, init: { ...init, headers, body: checked(utf8(lines)) } };
    }
    if (body === undefined) return { url, init };
    const headers = { ...this.#headers, "Content-Type": "application/json" };
    return { url, init: { ...init, headers, body: bytesOf(body) } };
  }
}

interface Prepared {
  url: string;
  init: RequestInit;
}

function mayTryAgain(
  { mayRepeat }: Call,
  { mayPass, mayBeDone, retryAfter = 0 }: Missing,
): boolean {
  return mayPass && (mayRepeat || !mayBeDone) && retryAfter <= MAX_RETRY_AFTER_S;
}

function noAnswer({ url, init }: Prepared, { why, status, cause }: Missing, tries: number) {
  return new NoAnswerError({ request: `${init.method} ${url}`, why, tries, status, cause });
}

/** A signal that aborts with the given one, or after so many ms. */
function cutAfter(ms: number, given: AbortSignal | undefined) {
  const controller = new AbortController();
  const follow = () => controller.abort(given?.reason);
  const timeout = () => controller.abort(new Error(`no answer within ${ms / 1000} s`));
  const timer = setTimeout(timeout, ms);
  given?.addEventListener("abort", follow);
  const done = () => {
    clearTimeout(timer);
    given?.removeEventListener("abort", follow);
  };
  return { signal: controller.signal, done };
}

function queryText(query: object | undefined): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

// The server hangs up on what is too large, which would look like a network that fails.
function bytesOf(body: unknown): Uint8Array<ArrayBuffer> {
  return checked(utf8(jsonOf(body)));
}

function checked(given: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = given as Uint8Array<ArrayBuffer>;
  if (bytes.byteLength <= MAX_CALL_BYTES) return bytes;
  const message = `body: found ${bytes.byteLength} bytes, expected at most ${MAX_CALL_BYTES} in one call`;
  throw errorOf(refuse("TASK_TOO_LARGE", message).failure);
}

function jsonOf(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw errorOf(invalid("body", String(error), "values that have a JSON form").failure);
  }
}
