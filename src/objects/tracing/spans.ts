// Spans by OpenTelemetry's API, of the provider that the Worker has registered. Without one every
// call here makes nothing, and a task keeps the trace of the request that adds it. Names and attributes are those of
// OpenTelemetry's conventions for messaging (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/).
import { waitUntil } from "cloudflare:workers";
import {
  type Attributes,
  trace as api,
  type Context,
  context,
  createTraceState,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
} from "@opentelemetry/api";
import type { Task } from "../../core/task/task.ts";
import {
  placeIn,
  type TraceContext,
  traceIn,
  traceparentOf,
  withTrace,
} from "../../core/task/trace-context.ts";
import type { BatchDelivery, Delivery } from "../delivery/delivery.ts";
import type { Destination, EndedGroup, Tracing } from "./tracing.ts";

/** A provider of the SDK: its spans wait to be sent. */
interface Flushing {
  forceFlush?(): Promise<void>;
}

const SYSTEM = { "messaging.system": "durable-taskqueue" };
/** Of a call that more tasks share, the others are left out. */
const MAX_LINKS = 128;

/** Makes spans of what happens to tasks, where the Worker has an OpenTelemetry provider. */
export const tracing: Tracing = { adding, leased, attempt, groupEnded };

const tracer = () => api.getTracer("durable-taskqueue");

async function adding<T>(
  { queue, group }: Destination,
  from: TraceContext | undefined,
  work: (trace: TraceContext | undefined) => Promise<T>,
): Promise<T> {
  const parent = parentOf(from);
  const attributes = {
    ...operation("add", "send"),
    ...(queue !== undefined && { "messaging.destination.name": queue }),
    ...(group !== undefined && { "taskqueue.group": group }),
  };
  const name = `add ${queue ?? "to group"}`;
  const span = tracer().startSpan(name, { kind: SpanKind.PRODUCER, attributes }, parent);
  return within(span, parent, () => work(contextOf(span.spanContext()) ?? from));
}

function leased(queue: string, tasks: readonly Pick<Task, "headers">[], begunAt: number): void {
  if (tasks.length === 0) return;
  const attributes = {
    ...operation("lease", "receive"),
    ...{ "messaging.destination.name": queue, "messaging.batch.message_count": tasks.length },
  };
  const options = { kind: SpanKind.CLIENT, attributes, startTime: begunAt };
  const span = tracer().startSpan(`lease ${queue}`, options);
  if (span.isRecording()) {
    span.addLinks(linksTo(tasks.map(({ headers }) => traceIn(pairsOf(headers)))));
  }
  end(span);
}

async function attempt<D extends Delivery | BatchDelivery, O>(
  delivery: D,
  work: (delivery: D) => Promise<O>,
): Promise<O> {
  const { queue, name, spec, progress } = delivery;
  const kept = traceIn(spec?.headers);
  const isFirst = progress === undefined && !("batch" in delivery);
  const parent = (isFirst && kept && remote(kept)) || ROOT_CONTEXT;
  const attributes = {
    ...operation("process", "process"),
    "messaging.destination.name": queue,
    ...("batch" in delivery
      ? { "messaging.batch.message_count": delivery.batch.length }
      : {
          "messaging.message.id": name,
          "taskqueue.task.retry_count": progress?.retryCount ?? 0,
        }),
  };
  const options = { kind: SpanKind.CONSUMER, attributes };
  const span = tracer().startSpan(`process ${queue}`, options, parent);
  if (span.isRecording() && !isFirst) span.addLinks(linksTo(tracesOf(delivery, kept)));
  const own = contextOf(span.spanContext());
  const traced = own
    ? { ...delivery, spec: { ...spec, headers: withTrace(spec?.headers, own) } }
    : delivery;
  return within(span, parent, async () => {
    const outcome = await work(traced);
    if (span.isRecording()) describe(span, outcome);
    return outcome;
  });
}

function groupEnded({ name, state, total, trace, createdAt, endedAt }: EndedGroup): void {
  const parent = (trace && remote(trace)) || ROOT_CONTEXT;
  const attributes = {
    ...SYSTEM,
    ...{ "taskqueue.group": name, "taskqueue.group.state": state, "taskqueue.group.tasks": total },
  };
  const span = tracer().startSpan("group", { attributes, startTime: createdAt }, parent);
  if (state === "failed") span.setStatus({ code: SpanStatusCode.ERROR });
  end(span, endedAt);
}

// What a Worker has begun ends with the invocation unless it waits: spans would be sent by chance.
function end(span: Span, at?: number): void {
  const isRecording = span.isRecording();
  span.end(at);
  if (!isRecording) return;
  const provider = api.getTracerProvider() as Flushing & { getDelegate?(): Flushing };
  const sent = (provider.getDelegate?.() ?? provider).forceFlush?.();
  if (sent) waitUntil(sent.catch(() => {}));
}

function operation(name: string, type: string): Attributes {
  return { ...SYSTEM, "messaging.operation.name": name, "messaging.operation.type": type };
}

// The span that is active where tasks are added is nearer to them than the request which began it.
function parentOf(from: TraceContext | undefined): Context {
  const active = context.active();
  const isActive = isValid(api.getSpanContext(active));
  return (!isActive && from && remote(from)) || active;
}

function remote(trace: TraceContext): Context | undefined {
  const found = remoteSpan(trace);
  return found && api.setSpanContext(ROOT_CONTEXT, found);
}

function remoteSpan({ traceparent, tracestate }: TraceContext): SpanContext | undefined {
  const place = placeIn(traceparent);
  if (!place) return undefined;
  const state = tracestate === undefined ? {} : { traceState: createTraceState(tracestate) };
  return { ...place, ...state, isRemote: true };
}

/** What the span's context is as headers; undefined where nobody follows traces. */
function contextOf(span: SpanContext): TraceContext | undefined {
  if (!isSpanContextValid(span)) return undefined;
  const tracestate = span.traceState?.serialize();
  return { traceparent: traceparentOf(span), ...(tracestate && { tracestate }) };
}

function isValid(span: SpanContext | undefined): boolean {
  return span !== undefined && isSpanContextValid(span);
}

function linksTo(traces: readonly (TraceContext | undefined)[]): Link[] {
  const spans = traces.slice(0, MAX_LINKS).map((it) => it && remoteSpan(it));
  return spans.flatMap((found) => (found ? { context: found } : []));
}

/** The traces of the tasks of a delivery; those that share a call have theirs in its body. */
function tracesOf(
  delivery: Delivery | BatchDelivery,
  kept: TraceContext | undefined,
): (TraceContext | undefined)[] {
  if (!("batch" in delivery)) return [kept];
  const { tasks } = JSON.parse(delivery.body as string) as { tasks: { headers?: object }[] };
  return tasks.map(({ headers }) => traceIn(pairsOf(headers)));
}

function pairsOf(headers: object = {}): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as [string, string]] : [],
  );
}

/** What the handler answered: an outcome, or a status alone, or several of a call that tasks share. */
function describe(span: Span, outcome: unknown): void {
  if (Array.isArray(outcome)) return;
  const said = typeof outcome === "number" ? { status: outcome } : Object(outcome);
  const { status, error } = said as { status?: number; error?: string };
  if (status !== undefined) span.setAttribute("http.response.status_code", status);
  if (status !== undefined && status >= 200 && status < 300) return;
  span.setAttribute("error.type", status === undefined ? "unanswered" : `${status}`);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(error && { message: error }) });
}

async function within<T>(span: Span, parent: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await context.with(api.setSpan(parent, span), work);
  } catch (error) {
    span.recordException(error as Error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    throw error;
  } finally {
    end(span);
  }
}
