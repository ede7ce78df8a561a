// Parses the body of an add: JSON for one task or a batch, a form whose fields are the task's params, or any
// other type, which is the payload, its bytes as they were sent.
import { fromUtf8 } from "../../core/bytes.ts";
import { FORM, mediaTypeOf, textBody } from "../../core/content-type.ts";
import { type Answer, invalid, type Refusal, refuse } from "../../core/errors.ts";
import { bytesOf, encodingsOf, jsonOf, textOf } from "../body.ts";
import { parseForm } from "../decode.ts";
import { type Options, optionsIn, withOptions } from "./task-options.ts";

/** What the request asks to have added, still unchecked. */
export type AddRequest = { one: unknown } | { tasks: unknown[]; atomic: boolean } | Refusal;

/** Throws what is wrong with the bytes themselves. */
export async function readAddRequest(request: Request): Promise<AddRequest> {
  const options = optionsIn(request.url);
  if (options.failure) return options;
  const type = mediaTypeOf(request.headers.get("Content-Type"));
  if (type === "application/json") return readJson(await jsonOf(request), options.ok);
  const content = type === FORM ? await readForm(request) : await readRaw(request);
  return content.failure ? content : one(content.ok, options.ok);
}

function one(task: Options, options: Options): AddRequest {
  const { ok, failure } = withOptions(task, options);
  return failure ? { failure } : { one: ok };
}

function readJson(body: Options, options: Options): AddRequest {
  if (!Object.hasOwn(body, "tasks")) return one(body, options);
  const [option] = Object.keys(options);
  if (option === undefined) return readBatch(body);
  return invalid("query", option, "no option beside tasks; each of them has its own");
}

function readBatch({ tasks, atomic = false, ...rest }: Record<string, unknown>): AddRequest {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    return invalid("body", unknown, "only tasks and atomic beside each other");
  if (!Array.isArray(tasks)) return invalid("tasks", tasks, "a list of tasks");
  if (typeof atomic !== "boolean") return invalid("atomic", atomic, "true or false");
  return { tasks, atomic };
}

async function readForm(request: Request): Promise<Answer<Options>> {
  const text = await textOf(request);
  if (isJson(text)) return refuseUntyped(FORM);
  return { ok: { params: grouped(parseForm(text, "body")) } };
}

function grouped(form: URLSearchParams): Record<string, string | string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of form) {
    const before = values.get(name);
    if (before) before.push(value);
    else values.set(name, [value]);
  }
  const single = (all: string[]) => (all.length === 1 ? (all[0] as string) : all);
  return Object.fromEntries([...values].map(([name, all]) => [name, single(all)]));
}

// The handler gets the type and the encoding that were sent here; without a type, the default for bytes.
async function readRaw(request: Request): Promise<Answer<Options>> {
  const type = request.headers.get("Content-Type") || null;
  const encodings = encodingsOf(request);
  const bytes = await bytesOf(request);
  if (type === null && encodings.length === 0) {
    if (bytes.byteLength === 0) return { ok: {} };
    return isJson(fromUtf8(bytes)) ? refuseUntyped("none") : { ok: { payload: bytes } };
  }
  const headers = {
    ...(encodings.length > 0 && { "Content-Encoding": encodings.join(", ") }),
    ...(type !== null && { "Content-Type": type }),
  };
  // Text is easier to read where a task is shown, and has the same bytes.
  const text = encodings.length === 0 ? textBody(bytes, type) : undefined;
  return { ok: { payload: text ?? bytes, headers } };
}

/** Whether the text is a JSON object or list, which no form is. */
function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text.trim());
    return true;
  } catch {
    return false;
  }
}

// curl -d, urllib and others send JSON under another name, or under none.
function refuseUntyped(found: string): Refusal {
  const message = `Content-Type: found ${found} with a body of JSON, expected application/json (curl: -H 'content-type: application/json'), or for JSON as a payload of bytes application/octet-stream`;
  return refuse("INVALID_REQUEST", message);
}
