// The request as it is sent. Its contents are shown as text only.
import type { Task } from "../../core/task/task.ts";
import { Payload } from "../format/payload.tsx";
import { duration } from "../format/times.ts";

export function RequestSent({ task, mode }: { task: Task; mode: "push" | "pull" }) {
  const body = bodyOf(task);
  // Pull tasks are not sent.
  const lines = mode === "push" ? linesOf(task) : [];
  const title = mode === "push" ? "Request" : "Payload";
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head">
        <h2>{title}</h2>
      </div>
      {lines.length > 0 && (
        <dl class="pairs">
          {lines.map(([name, value]) => (
            <div key={name}>
              <dt>
                <bdi>{name}</bdi>
              </dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {body && (
        <>
          <h3>{body.kind}</h3>
          <Payload text={body.text} />
        </>
      )}
    </section>
  );
}

function linesOf(task: Task): [string, string][] {
  const { method = "POST", url = `/_ah/queue/${task.queue}`, headers = {}, target, dialect } = task;
  const { oidcToken, retry, dispatchDeadline } = task;
  const said: [string, unknown][] = [
    ["target", target],
    ["dispatch deadline", dispatchDeadline === undefined ? undefined : duration(dispatchDeadline)],
    ["retry", retry && pairsOf(retry)],
    ["identity token", oidcToken && pairsOf(oidcToken)],
    ["dialect", dialect],
  ];
  return [
    ["request", `${method} ${url}`],
    ...Object.entries(headers).flatMap(([name, value]) =>
      [value].flat().map((one): [string, string] => [name, one]),
    ),
    ...said.filter((line): line is [string, string] => line[1] !== undefined),
  ];
}

function pairsOf(values: object): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

function bodyOf(task: Task): { kind: string; text: string } | undefined {
  const { params, payload, payloadBase64, method } = task;
  if (payloadBase64 !== undefined) return { kind: "Body: bytes, as base64", text: payloadBase64 };
  if (params) {
    const isForm = method === undefined || method === "POST";
    return { kind: isForm ? "Body: a form" : "Query string", text: fieldsOf(params) };
  }
  if (typeof payload === "string") return { kind: "Body: text", text: payload };
  if (payload !== undefined) return { kind: "Body: JSON", text: JSON.stringify(payload, null, 2) };
  return undefined;
}

function fieldsOf(params: NonNullable<Task["params"]>): string {
  return Object.entries(params)
    .flatMap(([name, value]) => [value].flat().map((one) => `${name}=${one}`))
    .join("\n");
}
