// The example with traces as a user runs it, and a receiver of OTLP: one trace from the request that adds to the
// handler, and a retry that is linked to it.
import { once } from "node:events";
import { readFileSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ROOT } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { devServer, projectOf } from "./projects.ts";

const EXAMPLE = join(ROOT, "examples", "tracing");
const CALLER = { trace: "0af7651916cd43dd8448eb211c80319c", span: "b7ad6b7169203331" };

/** A span as OTLP has it in JSON. */
interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  links?: { traceId: string; spanId: string }[];
  status?: { code?: number };
}

interface Traces {
  resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
}

/** A receiver of OTLP over HTTP, and what it was sent. */
async function receiver(): Promise<{ url: string; spans: Span[] }> {
  const spans: Span[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as Traces;
    spans.push(...resourceSpans.flatMap((it) => it.scopeSpans.flatMap((own) => own.spans)));
    response.setHeader("Content-Type", "application/json").end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1/traces`, spans };
}

it("one trace goes from the caller's request to the handler, and the retry is linked to it", async () => {
  const files = ["wrangler.toml", "queue.yaml", "src/index.ts", "src/tracing.ts"];
  const project = projectOf(
    Object.fromEntries(files.map((file) => [file, readFileSync(join(EXAMPLE, file), "utf8")])),
  );
  const scope = join("node_modules", "@opentelemetry");
  symlinkSync(join(ROOT, scope), join(project, scope));
  const { url, spans } = await receiver();
  const server = await devServer(project, ["--var", `OTLP_URL:${url}`]);
  onTestFinished(() => server.kill());
  const traceparent = `00-${CALLER.trace}-${CALLER.span}-01`;
  const added = await fetch(`${server.url}/_ah/api/queues/mail/tasks`, {
    method: "POST",
    headers: { traceparent, "Content-Type": "application/json" },
    body: '{"payload":"hello"}',
  });
  expect(added.status).toBe(201);
  await until("both attempts to be told of", 60, () => spans.length >= 5);
  const named = (name: string) => spans.filter((span) => span.name === name);
  const [add] = named("add mail");
  expect(add).toMatchObject({ traceId: CALLER.trace, parentSpanId: CALLER.span });
  const attempts = named("process mail");
  const first = attempts.find(({ traceId }) => traceId === CALLER.trace);
  const second = attempts.find(({ traceId }) => traceId !== CALLER.trace);
  expect(first).toMatchObject({ parentSpanId: add?.spanId, status: { code: 2 } });
  expect(second?.parentSpanId ?? "").toBe("");
  expect(second?.links).toMatchObject([{ traceId: CALLER.trace, spanId: add?.spanId }]);
  expect(named("send the mail").map(({ parentSpanId }) => parentSpanId)).toEqual(
    [first, second].map((span) => span?.spanId),
  );
});
