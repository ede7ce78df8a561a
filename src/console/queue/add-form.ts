// The add-task form: its fields as text, and the task built from them.
import type { NewTask } from "../../core/task/task.ts";

export type BodyKind = "none" | "json" | "text" | "params" | "base64";

export interface AddForm {
  name: string;
  /** Seconds. */
  countdown: string;
  url: string;
  method: string;
  bodyKind: BodyKind;
  body: string;
  /** One `Name: value` per line. */
  headers: string;
  tag: string;
  key: string;
  /** 0 to 9, 4 when empty. */
  priority: string;
  /** Task fields without a form field, passed through. */
  kept: NewTask;
}

/** The form's initial values, from a task or empty. */
export function formOf(task: NewTask = {}): AddForm {
  const { name = "", url = "", method = "POST", headers = {}, tag = "", ...others } = task;
  const { key = "", priority = "", ...rest } = others;
  const { params: _, payload: __, payloadBase64: ___, ...kept } = rest;
  return {
    ...{ name, url, method, tag, key, priority: `${priority}`, kept, countdown: "" },
    headers: linesOf(headers, ": "),
    ...bodyOf(task),
  };
}

function bodyOf({ params, payload, payloadBase64 }: NewTask): Pick<AddForm, "bodyKind" | "body"> {
  if (params) return { bodyKind: "params", body: linesOf(params, "=") };
  if (payloadBase64 !== undefined) return { bodyKind: "base64", body: payloadBase64 };
  if (typeof payload === "string") return { bodyKind: "text", body: payload };
  if (payload === undefined) return { bodyKind: "none", body: "" };
  return { bodyKind: "json", body: JSON.stringify(payload, null, 2) };
}

function linesOf(values: Record<string, string | readonly string[]>, between: string): string {
  return Object.entries(values)
    .flatMap(([name, value]) => [value].flat().map((one) => `${name}${between}${one}`))
    .join("\n");
}

/** The task, or the form's errors; the API validates the rest. */
export function taskOf(form: AddForm): { task: NewTask } | { wrong: string } {
  const task: NewTask = { ...form.kept };
  const { name, url, method, tag, key, priority, countdown } = form;
  if (name.trim()) task.name = name.trim();
  if (url.trim()) task.url = url.trim();
  if (method !== "POST") task.method = method as NonNullable<NewTask["method"]>;
  if (tag.trim()) task.tag = tag.trim();
  if (key !== "") task.key = key;
  if (priority.trim()) {
    task.priority = Number(priority);
    if (Number.isNaN(task.priority))
      return { wrong: `Priority: found "${priority}", expected 0 to 9` };
  }
  if (countdown.trim()) task.countdown = countdown.trim();
  const headers = grouped(form.headers, ":");
  if ("wrong" in headers) return { wrong: `Headers: ${headers.wrong}` };
  if (Object.keys(headers.values).length > 0) task.headers = headers.values;
  return withBody(task, form);
}

function withBody(
  task: NewTask,
  { bodyKind, body }: AddForm,
): { task: NewTask } | { wrong: string } {
  switch (bodyKind) {
    case "none":
      return { task };
    case "text":
      return { task: { ...task, payload: body } };
    case "base64":
      return { task: { ...task, payloadBase64: body.trim() } };
    case "params": {
      const params = grouped(body, "=");
      if ("wrong" in params) return { wrong: `Form fields: ${params.wrong}` };
      return { task: { ...task, params: params.values } };
    }
    case "json":
      return withJson(task, body);
  }
}

function withJson(task: NewTask, body: string): { task: NewTask } | { wrong: string } {
  try {
    return { task: { ...task, payload: JSON.parse(body) } };
  } catch (error) {
    return { wrong: `JSON: ${(error as Error).message}` };
  }
}

/** Parses name/value lines; repeated names become a list. */
function grouped(
  text: string,
  between: string,
): { values: Record<string, string | string[]> } | { wrong: string } {
  const values = new Map<string, string[]>();
  for (const line of text.split("\n").filter((it) => it.trim() !== "")) {
    const at = line.indexOf(between);
    if (at < 1) return { wrong: `expected "name${between}value", found "${line}"` };
    const name = line.slice(0, at).trim();
    const value = between === ":" ? line.slice(at + 1).trim() : line.slice(at + 1);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const single = (all: string[]) => (all.length === 1 ? (all[0] as string) : all);
  return { values: Object.fromEntries([...values].map(([name, all]) => [name, single(all)])) };
}
