// What the samples of alternating slices say: pure functions.
import { quantile } from "../statistics.ts";

/** What the victim's samples are of: ms, one entry a sample. */
export interface Samples {
  add: number[];
  start: number[];
  get: number[];
}

export type Kind = keyof Samples;
export const KINDS: readonly Kind[] = ["add", "start", "get"];

/** One slice without, with the generator alone, and with the disturbance. */
export type Side = "quiet" | "control" | "disturbed";

export interface Row {
  kind: Kind;
  p50: Record<Side, number>;
  p99: Record<Side, number>;
  /** p99 disturbed to p99 quiet. */
  ratio: number;
  /** The same of the generator alone. */
  controlRatio: number;
  /** How far the quiet slices lie apart: the highest p99 of one to the lowest. */
  noise: number;
  isMet: boolean;
}

/** The most a disturbance may make of another queue's p99. */
export const MOST_RATIO = 2;

/** `slices`: the samples of each slice, in the order they were taken. */
export function rowOf(
  kind: Kind,
  slices: Readonly<Record<Side, readonly Samples[]>>,
  most = MOST_RATIO,
): Row {
  const all = (side: Side) => slices[side].flatMap((samples) => samples[kind]);
  const at = (share: number): Record<Side, number> => ({
    quiet: quantile(all("quiet"), share),
    control: quantile(all("control"), share),
    disturbed: quantile(all("disturbed"), share),
  });
  const [p50, p99] = [at(0.5), at(0.99)];
  const quiet = slices.quiet.map((samples) => quantile(samples[kind], 0.99));
  const ratio = p99.disturbed / p99.quiet;
  return {
    ...{ kind, p50, p99, ratio, controlRatio: p99.control / p99.quiet },
    noise: Math.max(...quiet) / Math.min(...quiet),
    isMet: ratio < most,
  };
}

/** Bytes of the server's memory. */
export interface Memory {
  before: number;
  peak: number;
  after: number;
}

/** By how much memory may rise at most, and by how much it may stay risen, in bytes. */
export const MOST_MEMORY = { peak: 512 * 2 ** 20, after: 256 * 2 ** 20 } as const;

export function isBounded({ before, peak, after }: Memory, most = MOST_MEMORY): boolean {
  return peak - before <= most.peak && after - before <= most.after;
}

/** Something that is true once, or takes so long: `most` is the goal. */
export interface Fact {
  what: string;
  value: number;
  unit: string;
  most?: number;
}

export function isFactMet({ value, most }: Fact): boolean {
  return most === undefined || value <= most;
}
