// Metrics as a scraper reads them: whether a text is in the grammar and by the conventions that promtool checks, and
// single values of it.

interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\+Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

/** The value of the series with just these labels. Throws where there is none. */
export function seriesValue(
  text: string,
  name: string,
  labels: Record<string, string> = {},
): number {
  const wanted = keyOf(labels);
  const found = samplesOf(text).find((it) => it.name === name && keyOf(it.labels) === wanted);
  if (!found) throw new Error(`no series ${name}${wanted}`);
  return found.value;
}

export function samplesOf(text: string): Sample[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => sampleOf(line) ?? { name: `?${line}`, labels: {}, value: Number.NaN });
}

function sampleOf(line: string): Sample | undefined {
  const [, name, inner = "", value] = SAMPLE.exec(line) ?? [];
  const labels = labelsOf(inner);
  if (name === undefined || !labels) return undefined;
  return { name, labels, value: value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value) };
}

function labelsOf(inner: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  for (let at = 0; at < inner.length; ) {
    LABEL.lastIndex = at;
    const [all, name = "", value = ""] = LABEL.exec(inner) ?? [];
    if (all === undefined || name in labels) return undefined;
    labels[name] = value;
    at += all.length;
  }
  return labels;
}

function keyOf(labels: Record<string, string>): string {
  return JSON.stringify(Object.entries(labels).sort());
}

const TYPES = ["counter", "gauge", "histogram"];
/** What promtool's lint would have others say: base units only, no type in a name, no camel case. */
const UNITS = /_(milliseconds|ms|minutes|hours|days|percent|kilobytes|bits)(_|$)/;
const OF_A_TYPE = /_(counter|gauge|histogram|summary)(_|$)/;

/** What is wrong with an exposition; `accept`: the format it is in. */
export function violations(text: string, accept: string): string[] {
  const isOpen = accept.startsWith("application/openmetrics-text");
  const found: string[] = [];
  if (!text.endsWith("\n")) found.push("the last line is not ended");
  const lines = text.trimEnd().split("\n");
  if (isOpen && lines.pop() !== "# EOF") found.push("it does not end with # EOF");
  const seen = new Set<string>();
  const series = new Set<string>();
  let family = "";
  let type = "";
  for (const [i, line] of lines.entries()) {
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line) ?? [];
    if (word === "HELP") {
      if (seen.has(name)) found.push(`${name} is in two groups`);
      seen.add(name);
      family = name;
      type = "";
      if (!/^taskqueue_[a-z_]+$/.test(name)) found.push(`the name ${name}`);
      if (UNITS.test(name)) found.push(`the unit of ${name}`);
      if (OF_A_TYPE.test(name)) found.push(`a type in ${name}`);
      if (rest === "") found.push(`no help of ${name}`);
    } else if (word === "TYPE") {
      if (name !== family || !TYPES.includes(rest)) found.push(`line ${i + 1}: ${line}`);
      type = rest;
      const ends = name.endsWith("_total");
      if (ends !== (rest === "counter" && !isOpen)) found.push(`${name} of type ${rest}`);
    } else if (word === "UNIT") {
      if (!isOpen || name !== family || !name.endsWith(`_${rest}`)) found.push(line);
    } else if (line.startsWith("#")) found.push(`line ${i + 1}: ${line}`);
    else found.push(...sampleFaults(line, { family, type, isOpen }, series));
  }
  return [...found, ...histogramFaults(samplesOf(text))];
}

function sampleFaults(
  line: string,
  { family, type, isOpen }: { family: string; type: string; isOpen: boolean },
  series: Set<string>,
): string[] {
  const sample = sampleOf(line);
  if (!sample) return [`not a sample: ${line}`];
  const names: Record<string, string[]> = {
    counter: [isOpen ? `${family}_total` : family],
    gauge: [family],
    histogram: ["bucket", "sum", "count"].map((end) => `${family}_${end}`),
  };
  const key = `${sample.name}${keyOf(sample.labels)}`;
  const faults: string[] = [];
  if (!names[type]?.includes(sample.name)) faults.push(`${sample.name} among ${family}`);
  if (series.has(key)) faults.push(`${key} twice`);
  if (type === "counter" && !(sample.value >= 0)) faults.push(`${key} is ${sample.value}`);
  series.add(key);
  return faults;
}

/** Buckets are in order and cumulative, and the last is the count. */
function histogramFaults(samples: readonly Sample[]): string[] {
  const groups = Map.groupBy(
    samples.filter(({ name }) => name.endsWith("_bucket")),
    ({ name, labels: { le: _, ...labels } }) => `${name.slice(0, -7)} ${keyOf(labels)}`,
  );
  const counts = new Map(
    samples.map(({ name, labels, value }) => [`${name} ${keyOf(labels)}`, value]),
  );
  return [...groups].flatMap(([key, buckets]) => {
    const bounds = buckets.map(({ labels }) =>
      labels.le === "+Inf" ? Infinity : Number(labels.le),
    );
    const values = buckets.map(({ value }) => value);
    const count = counts.get(key.replace(" ", "_count "));
    const isGood = isRising(bounds, true) && isRising(values, false) && bounds.at(-1) === Infinity;
    return isGood && values.at(-1) === count ? [] : [`the buckets of ${key}`];
  });
}

function isRising(values: readonly number[], isStrict: boolean): boolean {
  return values.every((value, i) => {
    const before = values[i - 1] ?? Number.NEGATIVE_INFINITY;
    return isStrict ? value > before : value >= before;
  });
}
