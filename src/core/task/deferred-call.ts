// A deferred call as a payload: the function's name and its argument as rich JSON.
import { type Answer, type Refusal, refuse } from "../errors.ts";
import { richText, richValue, UnwritableError } from "../rich-json.ts";
import { PermanentTaskFailure } from "./failures.ts";

/** Where deferred calls run, on whatever queue (App Engine's path). */
export const DEFERRED_PATH = "/_ah/queue/deferred";

export interface DeferredCall {
  name: string;
  argument: unknown;
}

export function callAsPayload({ name, argument }: DeferredCall): Answer<string> {
  try {
    return { ok: richText({ call: name, argument }) };
  } catch (error) {
    return cannotTravel(name, error);
  }
}

function cannotTravel(name: string, error: unknown): Refusal {
  const at = error instanceof UnwritableError ? error.path.replace(/^\./, "") : "";
  const why = error instanceof Error ? error.message : String(error);
  const expected = "JSON, dates, maps, sets, bigints and bytes can be carried to it";
  return refuse("INVALID_REQUEST", `deferred: "${name}", ${at || "argument"}: ${why}; ${expected}`);
}

/** Throws a PermanentTaskFailure: what cannot be read now cannot be read at the next attempt either. */
export function callInPayload(payload: string): DeferredCall {
  const read = readable(payload);
  const { call, argument } = (typeof read === "object" && read !== null ? read : {}) as {
    call?: unknown;
    argument?: unknown;
  };
  if (typeof call === "string") return { name: call, argument };
  throw new PermanentTaskFailure("deferred: the payload is no deferred call");
}

function readable(payload: string): unknown {
  try {
    return richValue(payload);
  } catch (error) {
    throw new PermanentTaskFailure(`deferred: the payload cannot be read: ${error}`);
  }
}
