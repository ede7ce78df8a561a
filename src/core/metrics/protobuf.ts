// Metric families as Prometheus reads them in binary, which alone has native histograms: the messages of client_model's
// io/prometheus/client/metrics.proto, each family behind its length.
import { joinBytes, utf8 } from "../bytes.ts";
import type { Family, HistogramValue, Labels } from "./exposition.ts";
import { SCHEMA, type Span, spansOf } from "./native-buckets.ts";

const TYPE = { counter: 0, gauge: 1, histogram: 4 } as const;
/** As client_golang's: it says that the histogram is a native one, though it may be empty. */
const ZERO_THRESHOLD = 2 ** -128;

/** One family behind its length; nothing where it has no samples. */
export function familyBytes({ name, type, help, unit, samples }: Family): Uint8Array {
  const metrics = [...samples].map(([labels, value]) => bytesField(4, metric(type, labels, value)));
  if (metrics.length === 0) return new Uint8Array();
  const family = joinBytes([
    textField(1, type === "counter" ? `${name}_total` : name),
    textField(2, help),
    numberField(3, TYPE[type]),
    ...metrics,
    ...(unit ? [textField(5, unit)] : []),
  ]);
  return joinBytes([varint(family.byteLength), family]);
}

function metric(type: Family["type"], labels: Labels, value: number | HistogramValue): Uint8Array {
  const pairs = Object.entries(labels).map(([label, text]) =>
    bytesField(1, joinBytes([textField(1, label), textField(2, text)])),
  );
  return joinBytes([...pairs, measured(type, value)]);
}

function measured(type: Family["type"], value: number | HistogramValue): Uint8Array {
  if (typeof value !== "number") return bytesField(7, histogram(value));
  return bytesField(type === "counter" ? 3 : 2, doubleField(1, value));
}

function histogram({ bounds, counts, sum, native }: HistogramValue): Uint8Array {
  let upTo = 0;
  const buckets = bounds.map((bound, i) => {
    upTo += counts[i] ?? 0;
    return bytesField(3, joinBytes([numberField(1, upTo), doubleField(2, bound)]));
  });
  const { spans, deltas } = spansOf(native);
  return joinBytes([
    numberField(1, upTo + (counts[bounds.length] ?? 0)),
    doubleField(2, sum),
    ...buckets,
    numberField(5, zigzag(SCHEMA)),
    doubleField(6, ZERO_THRESHOLD),
    ...spans.map((span) => bytesField(12, spanBytes(span))),
    bytesField(13, joinBytes(deltas.map((delta) => varint(zigzag(delta))))),
  ]);
}

function spanBytes({ offset, length }: Span): Uint8Array {
  return joinBytes([numberField(1, zigzag(offset)), numberField(2, length)]);
}

function textField(field: number, text: string): Uint8Array {
  return bytesField(field, utf8(text));
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return joinBytes([varint(field * 8 + 2), varint(bytes.byteLength), bytes]);
}

function numberField(field: number, value: number): Uint8Array {
  return joinBytes([varint(field * 8), varint(value)]);
}

function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = field * 8 + 1;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

/** A signed integer as one without a sign: small where it is near 0. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

// Counts may be larger than what bit operators take.
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
