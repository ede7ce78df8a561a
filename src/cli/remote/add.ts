// `add`: adds a task, or many from a file of JSON lines.
import { readFileSync } from "node:fs";
import type { NewTask } from "../../core/task/task.ts";
import type { RemoteQueue } from "../../remote/index.ts";
import { type Given, textOption, textsOption } from "../given/command.ts";
import { type Exit, UsageError } from "../terminal/exit.ts";
import { addFrom } from "./add-from.ts";
import { type Remote, remote } from "./queues-of.ts";
import { secondsOf } from "./times.ts";

export default remote(async (it) => {
  const [name = ""] = it.given.args;
  const queue = it.queues.get(name) as RemoteQueue;
  const from = textOption(it.given, "from");
  return from === undefined ? addOne(it, queue) : addFrom(it, queue, from);
});

async function addOne({ given, signal, say }: Remote, queue: RemoteQueue): Promise<Exit> {
  const task = await queue.add(newTask(given), { signal });
  say(task, () => [`${task.outcome ?? "added"} ${task.name}, ${task.state}`]);
  return 0;
}

function newTask(given: Given): NewTask {
  const text = (name: string) => textOption(given, name);
  const task: NewTask = {
    ...whole(text("task")),
    ...payloadOf(given),
    ...fields("param", "=", textsOption(given, "param"), "params"),
    ...fields("header", ":", textsOption(given, "header"), "headers"),
  };
  const plain = { name: "name", url: "path", method: "method", eta: "eta", tag: "tag", key: "key" };
  for (const [field, option] of Object.entries(plain)) {
    if (text(option) !== undefined) Object.assign(task, { [field]: text(option) });
  }
  for (const option of ["countdown", "expires"] as const) {
    const given = text(option);
    if (given !== undefined) task[option] = secondsOf(option, given);
  }
  const [priority, ifExists] = [text("priority"), text("ifExists")];
  if (priority !== undefined) task.priority = numberOf("priority", priority);
  // What the API does not know, it says itself.
  if (ifExists !== undefined) task.ifExists = ifExists as NonNullable<NewTask["ifExists"]>;
  return task;
}

function whole(text: string | undefined): NewTask {
  return text === undefined ? {} : (jsonOf("task", text) as NewTask);
}

function payloadOf(given: Given): NewTask {
  const [text, json, file] = ["payload", "payloadJson", "payloadFile"].map((name) =>
    textOption(given, name),
  );
  if ([text, json, file].filter((it) => it !== undefined).length > 1) {
    throw new UsageError("--payload: found several payloads, expected one");
  }
  if (json !== undefined) return { payload: jsonOf("payload-json", json) };
  if (file !== undefined) return { payloadBase64: bytesOf(file).toString("base64") };
  return text === undefined ? {} : { payload: text };
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    throw new UsageError(`--payload-file: ${(error as Error).message}`);
  }
}

function jsonOf(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--${option}: expected JSON (${(error as Error).message})`);
  }
}

function numberOf(option: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new UsageError(`--${option}: found "${text}", expected a whole number`);
}

/** `a=1 a=2 b=3` as `{ a: ["1", "2"], b: "3" }`. */
function fields(option: string, mark: string, given: readonly string[], field: string): NewTask {
  if (given.length === 0) return {};
  const all = new Map<string, string[]>();
  for (const one of given) {
    const at = one.indexOf(mark);
    if (at < 1) throw new UsageError(`--${option}: found "${one}", expected name${mark}value`);
    const name = one.slice(0, at);
    all.set(name, [...(all.get(name) ?? []), one.slice(at + 1).trimStart()]);
  }
  const entries = [...all].map(([name, values]) => [name, values.length > 1 ? values : values[0]]);
  return { [field]: Object.fromEntries(entries) };
}
