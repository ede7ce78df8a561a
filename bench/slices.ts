// Several sides that do the same work take turns in short slices, so that whatever else the machine does meets
// all of them alike. What counts is the ratio of two sides in slices that lie beside each other.
import { quantile } from "./statistics.ts";

export interface Side {
  name: string;
  /** Does a slice's work, from the first add to the last settle, and no more. */
  run(slice: number): Promise<unknown>;
  /** What the answer says it took, where the answer comes later than the slice's last task. */
  took?(answer: unknown): Took;
  /** Between slices, and not measured. */
  prepare?(slice: number): Promise<unknown>;
  /** After each slice, and not measured. */
  end?(): Promise<unknown>;
  /** Seconds of CPU its server has used so far. */
  cpu?(): number;
}

export interface Took {
  /** Until the slice's last task. */
  ms: number;
  /** Until the answer, which may be more than the slice's. */
  tasks: number;
}

export interface Slice {
  perSecond: number;
  /** Of a task, in µs. */
  cpu: number;
}

/** The slices of each side, in the order they were run. */
export type Slices = ReadonlyMap<string, readonly Slice[]>;

export interface Turns {
  slices: number;
  /** In a slice. */
  tasks: number;
  /** Slices that come first and do not count. */
  warmUp: number;
}

export async function takeTurns(sides: readonly Side[], turns: Turns): Promise<Slices> {
  const { slices, tasks, warmUp } = turns;
  const measured = new Map<string, Slice[]>(sides.map(({ name }) => [name, []]));
  for (let i = -warmUp; i < slices; i++) {
    for (const side of inTurn(sides, i + warmUp)) {
      await side.prepare?.(i);
      const slice = await oneSlice(side, i, tasks);
      await side.end?.();
      if (i >= 0) measured.get(side.name)?.push(slice);
    }
  }
  return measured;
}

// Each round begins with another side, and every other round goes backwards: what one leaves behind (a
// checkpoint, garbage) meets each in turn.
function inTurn(sides: readonly Side[], round: number): readonly Side[] {
  const turned = sides.map((_, j) => sides[(round + j) % sides.length] as Side);
  return round % 2 ? turned.reverse() : turned;
}

async function oneSlice(side: Side, slice: number, tasks: number): Promise<Slice> {
  const cpuBefore = side.cpu?.() ?? 0;
  const started = performance.now();
  const answer = await side.run(slice);
  const took = side.took?.(answer) ?? { ms: performance.now() - started, tasks };
  const cpu = (((side.cpu?.() ?? 0) - cpuBefore) / took.tasks) * 1e6;
  return { perSecond: (tasks / took.ms) * 1000, cpu };
}

export interface Ratio {
  p25: number;
  p50: number;
}

/** How many times as many tasks a second one side has as another, slice by slice. */
export function ratioOf(slices: Slices, side: string, to: string): Ratio {
  const [own, other] = [slices.get(side) ?? [], slices.get(to) ?? []];
  const ratios = own.map(({ perSecond }, i) => perSecond / (other[i]?.perSecond ?? Number.NaN));
  return { p25: quantile(ratios, 0.25), p50: quantile(ratios, 0.5) };
}

/** Tasks a second, the median. */
export function perSecond(slices: Slices, side: string): number {
  return quantile(
    (slices.get(side) ?? []).map((slice) => slice.perSecond),
    0.5,
  );
}

/** µs of CPU a task, over all slices: a single one is too short for the system's clock of it. */
export function cpuOf(slices: Slices, side: string): number {
  const own = slices.get(side) ?? [];
  return own.reduce((sum, { cpu }) => sum + cpu, 0) / own.length;
}
