// Buffered tasks: the request's body is the task's body, and the queue's httpTarget has the url.
import type { IRequest } from "itty-router";
import { exactText, fromBase64 } from "../../core/bytes.ts";
import { newTaskOf } from "../../core/cloud-tasks/new-task.ts";
import type { CloudTask } from "../../core/cloud-tasks/resources.ts";
import { CloudTasksError } from "../../core/cloud-tasks/status.ts";
import { mediaTypeOf } from "../../core/content-type.ts";
import { errorOf } from "../../core/errors.ts";
import { checkNesting } from "../../core/nesting.ts";
import { unpackedOf } from "../body.ts";
import { json } from "../respond.ts";
import { type Call, queueOf, readable, taskOf } from "./call.ts";
import { taskDefaultsOf } from "./task-defaults.ts";
import { taskFormatter } from "./task-response.ts";
import { add } from "./tasks.ts";

export async function bufferTask(request: IRequest, call: Call): Promise<Response> {
  const queue = queueOf(request, call);
  const config = await queue.handle.config();
  const defaults = taskDefaultsOf(queue, config, call);
  if (!defaults.httpTarget) {
    throw new CloudTasksError(
      "FAILED_PRECONDITION",
      "BufferTask: the queue has no httpTarget, which says where its tasks go.",
    );
  }
  const name = request.params.task === undefined ? {} : { name: taskOf(request, queue).name };
  const { type, body } = await bodyOf(request);
  const headers = { ...(type && { headers: { "Content-Type": type } }) };
  const task: CloudTask = { ...name, httpRequest: { ...headers, body } };
  const added = await add(queue, newTaskOf(task, defaults), call);
  return json({ task: taskFormatter(queue, config, "BASIC", call)(added) });
}

interface Body {
  type: string | null;
  body: Uint8Array;
}

// The body itself, or, as the generated clients send it, {"body": {"contentType", "data"}}.
async function bodyOf(request: IRequest): Promise<Body> {
  const type: string | null = request.headers.get("Content-Type");
  const body = await readable(unpackedOf(request as unknown as Request));
  const text = mediaTypeOf(type) === "application/json" ? exactText(body) : undefined;
  return (text !== undefined && httpBodyIn(text)) || { type, body };
}

function httpBodyIn(text: string): Body | undefined {
  const refusal = checkNesting("body", text);
  if (refusal) throw errorOf(refusal.failure);
  const message = messageOf(text);
  const keys = Object.keys(message);
  const { contentType = null, data = "" } = (message.body ?? {}) as Record<string, string>;
  if (keys.length === 0 || keys.some((key) => key !== "body")) return undefined;
  const body = fromBase64(data);
  return body && { type: contentType, body };
}

function messageOf(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
