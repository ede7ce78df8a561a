// Metric families as Prometheus reads them: its text format 0.0.4, and OpenMetrics 1.0, which differ in a few words; its
// binary form is in protobuf.ts.
import type { NativeCounts } from "./native-buckets.ts";

export type TextFormat = "prometheus" | "openmetrics";
export type ExpositionFormat = TextFormat | "protobuf";

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  protobuf:
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
};

export type Labels = Readonly<Record<string, string>>;

/** A histogram of one set of labels; `counts` of each bucket by itself, the one without a bound last. */
export interface HistogramValue {
  bounds: readonly number[];
  counts: readonly number[];
  sum: number;
  /** The same by the finer bounds of a native histogram. */
  native: NativeCounts;
}

export interface Family<Value = number | HistogramValue> {
  /** With its unit, without `_total`. */
  name: string;
  type: Value extends number ? "counter" | "gauge" : "histogram";
  help: string;
  /** In which it is, where it has one: the end of its name. */
  unit?: string;
  samples: Iterable<readonly [Labels, Value]>;
}

/** The lines of one family; nothing where it has no samples. */
export function familyText(family: Family, format: TextFormat): string {
  let lines = "";
  for (const [labels, value] of family.samples) lines += sampleText(family, labels, value);
  return lines === "" ? "" : `${headText(family, format)}${lines}`;
}

/** What comes last in OpenMetrics. */
export const OPENMETRICS_END = "# EOF\n";

function headText({ name, type, help, unit }: Family, format: TextFormat): string {
  const isOpen = format === "openmetrics";
  const own = type === "counter" && !isOpen ? `${name}_total` : name;
  const escaped = help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
  const ofUnit = isOpen && unit ? `# UNIT ${own} ${unit}\n` : "";
  return `# HELP ${own} ${escaped}\n# TYPE ${own} ${type}\n${ofUnit}`;
}

function sampleText({ name, type }: Family, labels: Labels, value: number | HistogramValue) {
  if (typeof value !== "number") return histogramText(name, labels, value);
  return line(type === "counter" ? `${name}_total` : name, labels, value);
}

function histogramText(name: string, labels: Labels, { bounds, counts, sum }: HistogramValue) {
  let text = "";
  let upTo = 0;
  for (const [i, bound] of [...bounds, Number.POSITIVE_INFINITY].entries()) {
    upTo += counts[i] ?? 0;
    text += line(`${name}_bucket`, { ...labels, le: boundText(bound) }, upTo);
  }
  return text + line(`${name}_sum`, labels, sum) + line(`${name}_count`, labels, upTo);
}

// The same in both formats, or a change of the format would begin new series.
function boundText(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : numberText(bound);
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapedLabel(text)}"`);
  const braces = pairs.length > 0 ? `{${pairs.join(",")}}` : "";
  return `${name}${braces} ${numberText(value)}\n`;
}

function escapedLabel(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : `${value}`;
}

/** A type's parameter, without quotes. */
type ParameterOf = (name: string) => string | undefined;

/** The format that a request's Accept asks for: binary where it is liked no less than text, and so OpenMetrics. */
export function formatFor(accept: string): ExpositionFormat {
  const quality = (isIt: (type: string, of: ParameterOf) => boolean) =>
    Math.max(0, ...accept.split(",").map((range) => qualityOf(range, isIt)));
  const binary = quality(isBinary);
  const open = quality(
    (type, of) => type === "application/openmetrics-text" && (of("version") ?? "1.0.0") === "1.0.0",
  );
  const text = quality((type) => type === "text/plain");
  if (binary > 0 && binary >= Math.max(open, text)) return "protobuf";
  return open > 0 && open >= text ? "openmetrics" : "prometheus";
}

function isBinary(type: string, of: ParameterOf): boolean {
  const isFamily = of("proto") === "io.prometheus.client.metricfamily";
  return type === "application/vnd.google.protobuf" && isFamily && of("encoding") === "delimited";
}

function qualityOf(range: string, isIt: (type: string, of: ParameterOf) => boolean) {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
  const of: ParameterOf = (name) =>
    parameters
      .find((it) => it.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replace(/"/g, "");
  const q = Number(of("q") ?? 1);
  return isIt(type, of) && q >= 0 && q <= 1 ? q : 0;
}
