// What a deploy would change: `POST /_ah/api/plan`.
import type { IRequest } from "itty-router";
import { type CompiledFiles, isCompiled } from "../../core/config/files.ts";
import { errorOf, invalid } from "../../core/errors.ts";
import { textOf } from "../body.ts";
import type { QueueService } from "../queue-service.ts";
import { json } from "../respond.ts";
import { bodyOf, onlyFields } from "./request.ts";

/** The body is queue.yaml; or, as JSON, the texts of both files, or what `build` makes of them. */
export async function planDeploy(request: IRequest, queues: QueueService): Promise<Response> {
  return json(await queues.plan(await filesIn(request)));
}

async function filesIn(request: IRequest) {
  const type = (request.headers.get("Content-Type") ?? "").toLowerCase();
  if (!/^application\/json\b/.test(type)) {
    return { queue: await textOf(request as unknown as Request) };
  }
  const body = await bodyOf(request);
  if (isCompiled(body))
    return onlyFields({ ...body }, ["format", "queue", "cron"]) as unknown as CompiledFiles;
  const { queue, cron } = onlyFields(body, ["queue", "cron"]);
  const optional = cron === undefined ? undefined : checkText("cron", cron, "cron.yaml");
  return { queue: checkText("queue", queue, "queue.yaml"), cron: optional };
}

function checkText(field: string, value: unknown, file: string): string {
  if (typeof value === "string") return value;
  throw errorOf(invalid(field, value, `the text of ${file}`).failure);
}
