// A new task's content: params, a payload, or neither, sent as a body or as a query string. The combinations
// are those of App Engine's client library.
import { bytesIn, fromBase64 } from "../bytes.ts";
import { type Answer, invalid, jsonOf } from "../errors.ts";
import { checkText } from "./new-task-rules.ts";
import {
  type BodyKind,
  carriesBody,
  type Dialect,
  type Method,
  type NewTask,
  type Params,
} from "./task.ts";

/** The checked content: `query` for the url, `body` for the request, `kind` saying what the body is. */
export interface Content {
  body: string | Uint8Array | undefined;
  kind?: BodyKind;
  query?: string;
}

export function acceptBody(task: NewTask, method: Method | "PULL"): Answer<Content> {
  const payload = payloadOf(task);
  if (payload.failure) return payload;
  if (task.params === undefined) return acceptPayload(payload.ok, method, task.dialect);
  const encoded = encodeParams(task.params);
  if (encoded.failure) return encoded;
  // None at all are no params (App Engine).
  if (Object.keys(task.params).length === 0) return acceptPayload(payload.ok, method, task.dialect);
  if (task.url?.includes("?")) {
    return invalid("params", task.params, "no params beside a query string in the url");
  }
  return acceptParams(encoded.ok, payload.ok, method, task.dialect);
}

function acceptPayload(
  content: Content,
  method: Method | "PULL",
  dialect: Dialect | undefined,
): Answer<Content> {
  if (method === "PULL" && content.body === undefined) {
    return invalid(
      "payload",
      undefined,
      "a payload (an empty string will do): a pull task is its payload",
    );
  }
  // A queue of Google's API may make a POST a GET, whose body is then kept and not sent.
  const isKept = carriesBody(method) || dialect === "cloudtasks";
  if (isEmpty(content) || isKept) return { ok: content };
  return invalid(
    "payload",
    content.body,
    `no payload on a ${method}; only POST, PUT and PATCH carry one`,
  );
}

function acceptParams(
  encoded: string,
  content: Content,
  method: Method | "PULL",
  dialect: Dialect | undefined,
): Answer<Content> {
  const isBody = method === "POST" || method === "PULL";
  if (isBody && !isEmpty(content))
    return invalid("params", encoded, "either params or a payload, not both");
  if (isBody) return { ok: { body: encoded, kind: "params" } };
  const carried = acceptPayload(content, method, dialect);
  return carried.failure ? carried : { ok: { ...carried.ok, query: encoded } };
}

function isEmpty({ body }: Content): boolean {
  return body === undefined || body.length === 0;
}

function payloadOf({ payload, payloadBase64 }: NewTask): Answer<Content> {
  if (payloadBase64 === undefined) return contentOf(payload);
  if (payload !== undefined)
    return invalid("payloadBase64", payloadBase64, "either payload or payloadBase64");
  const bytes = fromBase64(payloadBase64);
  if (bytes === undefined) return invalid("payloadBase64", payloadBase64, "base64");
  return { ok: { body: bytes } };
}

function contentOf(payload: unknown): Answer<Content> {
  if (payload === undefined) return { ok: { body: undefined } };
  if (typeof payload === "string") {
    return checkText("payload", payload) ?? { ok: { body: payload } };
  }
  const bytes = bytesIn(payload);
  if (bytes) return { ok: { body: bytes } };
  const json = jsonOf(payload);
  if (json === undefined) return invalid("payload", payload, "a string, bytes or a JSON value");
  return { ok: { body: json, kind: "json" } };
}

function encodeParams(params: Params): Answer<string> {
  if (typeof params !== "object" || params === null || Array.isArray(params)) {
    return invalid("params", params, "an object of strings or lists of strings");
  }
  const form = new URLSearchParams();
  for (const [name, values] of Object.entries(params)) {
    for (const value of Array.isArray(values) ? values : [values]) {
      if (!["string", "number", "boolean"].includes(typeof value)) {
        return invalid(`params.${name}`, value, "a string or a list of strings");
      }
      const refusal =
        checkText(`params.${name}`, name) ?? checkText(`params.${name}`, String(value));
      if (refusal) return refusal;
      form.append(name, String(value));
    }
  }
  return { ok: form.toString() };
}
