// What came back for one try: the API's answer, its refusal, or nothing that is the API's.
import { errorOf, type Failure, HTTP_STATUS, type TaskQueueError } from "../core/errors.ts";

export type Reply =
  | { kind: "answer"; value: unknown }
  | { kind: "refusal"; error: TaskQueueError }
  | Missing;

/** Nothing that is the API's. */
export interface Missing {
  kind: "missing";
  why: string;
  status?: number;
  cause?: unknown;
  /** Whether asking again can help. */
  mayPass: boolean;
  /** Whether the queues may have done what was asked. */
  mayBeDone: boolean;
  /** Seconds after which to ask again. */
  retryAfter?: number;
}

/** Reads a response to its end; throws where it breaks off. */
export async function replyOf(response: Response): Promise<Reply> {
  const value = jsonIn(await response.text());
  if (response.ok) {
    if (value !== undefined) return { kind: "answer", value };
    return { ...missing(response, "answered without JSON"), mayPass: true };
  }
  const failure = failureIn(value);
  if (failure) return { kind: "refusal", error: errorOf(failure) };
  const said = value === undefined ? "" : `: ${JSON.stringify(value).slice(0, 200)}`;
  return missing(response, `answered ${response.status}, not as the API does${said}`);
}

/** Nothing came: the network, or a timeout. */
export function missed(error: unknown): Missing {
  return { kind: "missing", why: messageOf(error), cause: error, mayPass: true, mayBeDone: true };
}

function missing({ status, type, headers }: Response, why: string): Missing {
  const retryAfter = Number(headers.get("Retry-After") ?? Number.NaN);
  // A browser tells nothing of a redirect but that it is one.
  const isRedirect = `${type}` === "opaqueredirect" || (status >= 300 && status < 400);
  return {
    kind: "missing",
    why: isRedirect ? redirected(headers.get("Location")) : why,
    status,
    mayPass: status === 429 || status >= 500,
    mayBeDone: status !== 429,
    ...(retryAfter >= 0 && { retryAfter }),
  };
}

function redirected(to: string | null): string {
  return `is redirected${to === null ? "" : ` to ${to}`}; expected the address of the queues themselves as url`;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureIn(value: unknown): Failure | undefined {
  const { error } = Object(value) as { error?: Partial<Failure> };
  const { code, message } = Object(error) as Partial<Failure>;
  const isKnown = typeof code === "string" && Object.hasOwn(HTTP_STATUS, code);
  return isKnown && typeof message === "string" ? (error as Failure) : undefined;
}

/** An error in words, and what caused it where that says more: Node's fetch has "fetch failed" for everything. */
function messageOf(error: unknown): string {
  const { message = String(error), cause } = Object(error) as Partial<Error>;
  const { code, message: deeper } = Object(cause) as { code?: unknown; message?: unknown };
  const more = code ?? deeper;
  return more === undefined ? message : `${message} (${more})`;
}
