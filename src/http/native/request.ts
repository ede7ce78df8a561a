// Reads a request's parts: path segments, query options and JSON bodies.
import type { IRequest, RequestHandler } from "itty-router";
import type { QueueHandle } from "../../client/queue-handle.ts";
import { fromUtf8 } from "../../core/bytes.ts";
import { wholeOrText } from "../../core/decimal.ts";
import { errorOf, invalid } from "../../core/errors.ts";
import { TOKENS_IN_QUERY } from "../auth.ts";
import { bytesOf, jsonOf } from "../body.ts";
import type { QueueService } from "../queue-service.ts";

export function queueOf(request: IRequest, queues: QueueService): QueueHandle {
  return queues.get(segment(request, "queue"));
}

/** A path segment, percent-decoded. */
export function segment(request: IRequest, name: string): string {
  const text = request.params[name] ?? "";
  try {
    return decodeURIComponent(text);
  } catch {
    throw errorOf(invalid("path", text, "a path in valid percent-encoding").failure);
  }
}

/** The query string, of which only these options are known, the caller's token aside. */
export function queryOf(request: IRequest, known: readonly string[]): Record<string, unknown> {
  const { searchParams } = new URL(request.url);
  const isToken = (name: string) => TOKENS_IN_QUERY.includes(name) && !known.includes(name);
  const given = [...searchParams].filter(([name]) => !isToken(name));
  const query: Record<string, unknown> = Object.fromEntries(given);
  const unknown = Object.keys(query).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw errorOf(invalid("query", unknown, known.join(", ") || "no options").failure);
  }
  const twice = Object.keys(query).find((name) => searchParams.getAll(name).length > 1);
  if (twice) throw errorOf(invalid(twice, searchParams.getAll(twice), "each option once").failure);
  if (typeof query.limit === "string") query.limit = wholeOrText(query.limit);
  return query;
}

/** A handler that answers nothing: it lets a request through to the next, or throws. */
type Guard = RequestHandler<IRequest, [QueueService]>;

/** Handler in front of a route that has no options. */
export const withoutOptions: Guard = (request) => {
  queryOf(request, []);
};

/** Handler in front of a route that takes neither options nor a body. */
export const withNothing: Guard = async (request, queues) => {
  withoutOptions(request, queues);
  await withoutBody(request, queues);
};

/** Handler in front of a route that takes no body: one with fields was meant to matter, any other cannot have been. */
export const withoutBody: Guard = async (request) => {
  if (request.body === null) return;
  // Not request.text(), which the runtime warns of on a form.
  const [field] = Object.keys(fieldsIn(fromUtf8(await bytesOf(request as unknown as Request))));
  if (field !== undefined) throw errorOf(invalid("body", field, "no fields").failure);
};

function fieldsIn(text: string): object {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}

/** The body, which has to be a JSON object. */
export function bodyOf(request: IRequest): Promise<Record<string, unknown>> {
  return jsonOf(request as unknown as Request);
}

/** The fields of an object, of which only these are known. */
export function onlyFields(
  given: Record<string, unknown>,
  known: readonly string[],
  field = "body",
): Record<string, unknown> {
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return given;
  throw errorOf(invalid(field, unknown, `only ${known.join(" and ")}`).failure);
}
