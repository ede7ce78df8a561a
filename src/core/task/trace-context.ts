// Which trace a task belongs to: W3C Trace Context (https://www.w3.org/TR/trace-context/), kept as the task's own
// headers `traceparent` and `tracestate`, so that its handler gets them without knowing of queues.

/** What of a trace goes from one program to the next, as the two headers have it. */
export interface TraceContext {
  traceparent: string;
  tracestate?: string;
}

/** The same, taken apart: 32 and 16 lower-case hexadecimal digits, and bits of which the first says "sampled". */
export interface SpanPlace {
  traceId: string;
  spanId: string;
  traceFlags: number;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Characters; a longer one is left away, as the specification allows. */
const MAX_STATE = 512;

/** Undefined where the text is none. Later versions than 00 may go on after what this one has. */
export function placeIn(traceparent: string): SpanPlace | undefined {
  const [, version, traceId = "", spanId = "", flags = "", more] =
    TRACEPARENT.exec(traceparent) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

export function traceparentOf({ traceId, spanId, traceFlags }: SpanPlace): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

/** The trace that a request belongs to; what is no valid context is as if it were not there. */
export function traceOf(headers: Headers): TraceContext | undefined {
  return contextOf(headers.get("traceparent"), headers.get("tracestate"));
}

/** The trace that a task belongs to, by the headers it keeps. */
export function traceIn(
  pairs: readonly (readonly [name: string, value: string])[] | undefined,
): TraceContext | undefined {
  if (!pairs) return undefined;
  const value = (name: string) => pairs.find(([key]) => key.toLowerCase() === name)?.[1];
  return contextOf(value("traceparent"), value("tracestate"));
}

function contextOf(parent: string | null | undefined, state: string | null | undefined) {
  const traceparent = parent?.trim();
  if (!traceparent || !placeIn(traceparent)) return undefined;
  const tracestate = state?.trim();
  return tracestate && tracestate.length <= MAX_STATE
    ? { traceparent, tracestate }
    : { traceparent };
}

/** The header pairs with this context in place of the one they have. */
export function withTrace(
  pairs: readonly [name: string, value: string][] | undefined,
  trace: TraceContext,
): [string, string][] {
  const others = (pairs ?? []).filter(([name]) => !isOfTrace(name));
  return [...others, ...(Object.entries(trace) as [string, string][])];
}

/** A new task as it is given, with this context, unless it says itself which trace it belongs to. */
export function traced<T>(task: T, trace: TraceContext): T {
  if (typeof task !== "object" || task === null) return task;
  const { headers } = task as { headers?: unknown };
  // What is no object of headers is refused where it is looked at.
  if (headers !== undefined && (typeof headers !== "object" || headers === null)) return task;
  if (Object.keys(headers ?? {}).some(isOfTrace)) return task;
  return { ...task, headers: { ...headers, ...trace } };
}

/** Whether a header of this name says which trace a request belongs to. */
export function isOfTrace(name: string): boolean {
  return /^trace(parent|state)$/i.test(name);
}
