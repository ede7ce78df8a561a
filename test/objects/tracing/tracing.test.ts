// Traces from an add to the handler and through retries, as OpenTelemetry's own SDK is told of them.
import { env } from "cloudflare:workers";
import { context, type SpanContext, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { placeIn, traceparentOf } from "../../../src/core/task/trace-context.ts";
import { tracing } from "../../../src/tracing.ts";
import { callsTo, deployBatches, many } from "../../support/batches.ts";
import { send } from "../../support/bytes.ts";
import { freshStart, groupObject, pass, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { following, group, handlers, received } from "../../support/worker.ts";

const Q = "push";
const HANDLER = `/_ah/queue/${Q}`;
const CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const JSON_BODY = { "Content-Type": "application/json" };

beforeEach(freshStart);
beforeAll(() => {
  following.tracing = tracing;
});

/** The context that the handler of attempt `i` was given. */
const given = (i: number) => placeIn(received[i]?.headers.get("traceparent") ?? "");
const add = (task: object, headers: Record<string, string> = {}) =>
  send("POST", `/_ah/api/queues/${Q}/tasks`, JSON.stringify(task), { ...JSON_BODY, ...headers });
const failOnce = () => {
  let tried = 0;
  handlers.set(HANDLER, () => new Response("no", { status: tried++ === 0 ? 503 : 200 }));
};

describe("without a provider", () => {
  const doors: [string, (headers: Record<string, string>) => Promise<{ status: number }>][] = [
    ["a task", (headers) => add({ name: "n" }, headers)],
    ["a batch", (headers) => add({ tasks: [{ name: "n" }] }, headers)],
    ["a form", (headers) => send("POST", `/_ah/api/queues/${Q}/tasks?name=n`, "a=1", headers)],
    [
      "Google's API",
      (headers) =>
        send(
          "POST",
          `/v2/projects/p/locations/l/queues/${Q}/tasks`,
          JSON.stringify({ task: { appEngineHttpRequest: { relativeUri: HANDLER } } }),
          { ...JSON_BODY, ...headers },
        ),
    ],
    [
      "a group",
      (headers) =>
        send(
          "POST",
          "/_ah/api/groups",
          JSON.stringify({ name: "g", tasks: [{ queue: Q, name: "n" }] }),
          { ...JSON_BODY, ...headers },
        ),
    ],
  ];
  it.each(doors)(
    "a task added by %s keeps the request's trace, and its handler has it",
    async (_, by) => {
      failOnce();
      const response = await by({ traceparent: CALLER, tracestate: "a=1,b=2" });
      expect(response.status).toBeLessThan(300);
      await work([Q, groupObject("g")], () => received.length === 2);
      for (const { headers } of received) {
        expect(headers.get("traceparent")).toBe(CALLER);
        expect(headers.get("tracestate")).toBe("a=1,b=2");
      }
    },
  );

  it.each([
    ["none", ""],
    ["what is no context", "00-xyz-1-01"],
    ["zeros", `00-${"0".repeat(32)}-b7ad6b7169203331-01`],
    ["another version's form", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
  ])("of %s nothing is kept", async (_, traceparent) => {
    await add({ name: "n" }, traceparent ? { traceparent } : {});
    expect((await queue(Q).get("n")).headers).toBeUndefined();
  });

  it("a task that names its own trace keeps that", async () => {
    const own = CALLER.replace("b7ad", "c7ad");
    await add({ name: "n", headers: { Traceparent: own } }, { traceparent: CALLER });
    await pass(Q, 1);
    expect(received[0]?.headers.get("traceparent")).toBe(own);
  });

  it("a task added without one has none", async () => {
    await queue(Q).add({ name: "n" });
    await pass(Q, 1);
    expect(received[0]?.headers.has("traceparent")).toBe(false);
  });
});

describe("with a provider", () => {
  const exporter = new InMemorySpanExporter();
  const spans = (name: string): ReadableSpan[] =>
    exporter.getFinishedSpans().filter((span) => span.name === name);
  const only = (name: string): ReadableSpan => {
    const [span, ...others] = spans(name);
    expect([name, others]).toEqual([name, []]);
    return span as ReadableSpan;
  };
  const idsOf = ({ traceId, spanId }: Pick<SpanContext, "traceId" | "spanId">) => ({
    traceId,
    spanId,
  });

  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  beforeEach(() => {
    exporter.reset();
    trace.setGlobalTracerProvider(
      new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    );
  });
  afterEach(() => trace.disable());

  it("one trace goes from the caller by the add to the handler, and a retry is linked to it", async () => {
    let inHandler: SpanContext | undefined;
    let tried = 0;
    handlers.set(HANDLER, () => {
      inHandler = trace.getActiveSpan()?.spanContext();
      return new Response("no", { status: tried++ === 0 ? 503 : 200 });
    });
    await add({ name: "n" }, { traceparent: CALLER });
    await pass(Q, 60);
    expect(received).toHaveLength(2);
    const caller = placeIn(CALLER);
    const added = only(`add ${Q}`);
    expect(added.kind).toBe(SpanKind.PRODUCER);
    expect(added.spanContext().traceId).toBe(caller?.traceId);
    expect(added.parentSpanContext?.spanId).toBe(caller?.spanId);
    expect(added.attributes).toEqual({
      "messaging.system": "durable-taskqueue",
      "messaging.operation.name": "add",
      "messaging.operation.type": "send",
      "messaging.destination.name": Q,
    });
    const [first, second] = spans(`process ${Q}`) as [ReadableSpan, ReadableSpan];
    expect(first.kind).toBe(SpanKind.CONSUMER);
    expect(first.parentSpanContext).toMatchObject(idsOf(added.spanContext()));
    expect(first.attributes).toEqual({
      "messaging.system": "durable-taskqueue",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": Q,
      "messaging.message.id": "n",
      "taskqueue.task.retry_count": 0,
      "http.response.status_code": 503,
      "error.type": "503",
    });
    expect(first.status).toEqual({ code: SpanStatusCode.ERROR, message: "no" });
    expect(second.parentSpanContext).toBeUndefined();
    expect(second.spanContext().traceId).not.toBe(caller?.traceId);
    expect(second.links.map((link) => idsOf(link.context))).toEqual([idsOf(added.spanContext())]);
    expect(second.attributes).toMatchObject({
      "taskqueue.task.retry_count": 1,
      "http.response.status_code": 200,
    });
    expect(second.status.code).toBe(SpanStatusCode.UNSET);
    // What the handler is given are the attempts' own.
    expect([given(0)?.spanId, given(1)?.spanId]).toEqual([
      first.spanContext().spanId,
      second.spanContext().spanId,
    ]);
    expect(inHandler).toMatchObject(idsOf(second.spanContext()));
  });

  it("a task that is added in a span belongs to it, whatever adds begin with it", async () => {
    const tracer = trace.getTracer("test");
    await Promise.all(
      ["a", "b"].map((name) =>
        tracer.startActiveSpan(`caller ${name}`, async (span) => {
          await queue(Q).add({ name });
          span.end();
        }),
      ),
    );
    await pass(Q, 1);
    for (const name of ["a", "b"]) {
      const attempt = spans(`process ${Q}`).find(
        ({ attributes }) => attributes["messaging.message.id"] === name,
      );
      expect(attempt?.spanContext().traceId).toBe(only(`caller ${name}`).spanContext().traceId);
    }
  });

  it("an add that is refused says so", async () => {
    await queue(Q).add({ name: "n" });
    exporter.reset();
    await expect(queue(Q).add({ name: "n" })).rejects.toThrow();
    expect(only(`add ${Q}`).status.code).toBe(SpanStatusCode.ERROR);
  });

  it("a sampled-out trace stays so", async () => {
    await add({ name: "n" }, { traceparent: CALLER.replace(/01$/, "00") });
    await pass(Q, 1);
    expect(spans(`process ${Q}`)).toEqual([]);
    expect(given(0)).toMatchObject({ traceId: placeIn(CALLER)?.traceId, traceFlags: 0 });
  });

  it("a call that tasks share is linked to each of theirs", async () => {
    deployBatches(Q, { batch: { size: 4 } });
    const calls = callsTo(HANDLER);
    for (const task of many(3)) await queue(Q).add(task);
    await pass(Q, 1);
    expect(calls).toHaveLength(1);
    const span = only(`process ${Q}`);
    const adds = spans(`add ${Q}`).map((it) => idsOf(it.spanContext()));
    expect(span.links.map((link) => idsOf(link.context)).sort()).toEqual(adds.sort());
    expect(span.attributes["messaging.batch.message_count"]).toBe(3);
  });

  it("a lease is linked to what it leased", async () => {
    await queue("pull").add([{ payload: "a" }, { payload: "b" }]);
    expect(await queue("pull").lease({ leaseSeconds: 60, maxTasks: 9 })).toHaveLength(2);
    expect(await queue("pull").lease({ leaseSeconds: 60, maxTasks: 9 })).toHaveLength(0);
    const added = only("add pull");
    const span = only("lease pull");
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.links.map((link) => idsOf(link.context))).toEqual(
      Array(2).fill(idsOf(added.spanContext())),
    );
  });

  it("a group is a span as long as it lasts, in the trace of who made it", async () => {
    const made = await trace.getTracer("test").startActiveSpan("caller", async (span) => {
      await queue(Q).group({
        name: "g",
        tasks: [{ name: "s1" }, { name: "s2" }],
        then: { name: "after" },
      });
      span.end();
      return span.spanContext();
    });
    await work([Q, groupObject("g")], () => received.length === 3);
    await work(
      [Q, groupObject("g")],
      async () => (await group(env, "g").progress()).state === "done",
    );
    const whole = only("group");
    expect(whole.spanContext().traceId).toBe(made.traceId);
    expect(whole.attributes).toMatchObject({
      "taskqueue.group": "g",
      "taskqueue.group.state": "done",
      "taskqueue.group.tasks": 2,
    });
    expect(new Set(spans(`process ${Q}`).map((it) => it.spanContext().traceId))).toEqual(
      new Set([made.traceId]),
    );
    expect(traceparentOf(whole.spanContext())).toMatch(/^00-/);
  });
});
