// Parses the body of an add: JSON for one task or a batch, a form whose fields are the task's params, or any
// other type, which is the payload. Outside JSON the task's options are in the query.
import { fromUtf8 } from "../../core/bytes.ts";
import { invalid, type Refusal } from "../../core/errors.ts";

/** What the request asks to have added, still unchecked. */
export type AddRequest = { one: unknown } | { tasks: unknown[]; atomic: boolean } | Refusal;

export async function readAddRequest(request: Request): Promise<AddRequest> {
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") return readJson(request);
  const options = optionsOf(new URL(request.url).searchParams);
  if ("failure" in options) return options;
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (type === "application/x-www-form-urlencoded") {
    const form = new URLSearchParams(fromUtf8(bytes));
    return { one: { ...options.task, params: grouped(form) } };
  }
  return { one: withPayload(options.task, bytes, request.headers.get("Content-Type")) };
}

async function readJson(request: Request): Promise<AddRequest> {
  const text = await request.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return invalid("body", text, `JSON (${(error as Error).message})`);
  }
  const isBatch = typeof body === "object" && body !== null && "tasks" in body;
  return isBatch ? readBatch(body as Record<string, unknown>) : { one: body };
}

function readBatch({ tasks, atomic = false, ...rest }: Record<string, unknown>): AddRequest {
  const [unknown] = Object.keys(rest);
  if (unknown) return invalid("body", unknown, "only tasks and atomic beside each other");
  if (!Array.isArray(tasks)) return invalid("tasks", tasks, "a list of tasks");
  if (typeof atomic !== "boolean") return invalid("atomic", atomic, "true or false");
  return { tasks, atomic };
}

const NUMBERS = new Set(["dispatchDeadline"]);
const NESTED = /^(retry|oidcToken)\.(\w+)$/;
const HEADER = /^header\.(.*)$/s;

// `key` is the caller's token, not the task's. `retry.limit=3`, `oidcToken.audience=x` and
// `header.X-Team=a` reach the nested options.
function optionsOf(query: URLSearchParams): { task: Record<string, unknown> } | Refusal {
  const task: Record<string, unknown> = {};
  const headers = new Map<string, string[]>();
  const nested: Record<string, Record<string, unknown>> = { retry: {}, oidcToken: {} };
  for (const [name, value] of query) {
    if (name === "key") continue;
    const header = HEADER.exec(name)?.[1];
    if (header !== undefined) {
      headers.set(header, [...(headers.get(header) ?? []), value]);
      continue;
    }
    const [, parent = "", field = ""] = NESTED.exec(name) ?? [];
    const object = nested[parent];
    if (object) object[field] = parent === "retry" ? Number(value) : value;
    else if (name in task) return invalid(name, value, "each option once");
    else task[name] = NUMBERS.has(name) ? Number(value) : value;
  }
  for (const [field, values] of Object.entries(nested)) {
    if (Object.keys(values).length > 0) task[field] = values;
  }
  if (headers.size > 0) task.headers = Object.fromEntries(headers);
  return { task };
}

function grouped(form: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries(
    [...new Set(form.keys())].map((name) => {
      const values = form.getAll(name);
      return [name, values.length === 1 ? (values[0] as string) : values];
    }),
  );
}

// The handler gets the content type that was sent here, and without one the default for bytes. It is one more
// value of that header: an option that says another is refused with the task.
function withPayload(
  options: Record<string, unknown>,
  bytes: Uint8Array,
  type: string | null,
): Record<string, unknown> {
  if (bytes.byteLength === 0 && type === null) return options;
  const isText = type?.startsWith("text/") ?? false;
  const payload = isText ? fromUtf8(bytes) : bytes;
  if (type === null) return { ...options, payload };
  const given = options.headers as Record<string, string[]> | undefined;
  const types = [type, ...(given?.["Content-Type"] ?? [])];
  return { ...options, payload, headers: { ...given, "Content-Type": types } };
}
