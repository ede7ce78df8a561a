// A queue's recent history: 15 minutes in slots of 10 s, 6 hours in slots of 2 minutes. Recording is one
// increment in each, and memory is constant.

import { rfc3339 } from "../task/task-view.ts";
import { HistoryRing, type MedianAndP99, type Slot, type StoredRing } from "./history-ring.ts";
import {
  gainOf,
  TRANSITION_KINDS,
  type TransitionCounts,
  type TransitionKind,
} from "./transitions.ts";

/** What happened in one slot of time. */
export interface HistoryPoint extends TransitionCounts {
  /** When the slot began, RFC 3339. */
  at: string;
  /** On the queue at its end. */
  tasks: number;
  /** How late attempts started, in seconds; null when none did. */
  lateness: MedianAndP99 | null;
  /** How long answered attempts took, in seconds; null when none was. */
  runTime: MedianAndP99 | null;
}

/** Something that explains what the points show; `started`: the queue's object started, after a deploy or an eviction. */
export interface HistoryMark {
  /** RFC 3339 */
  at: string;
  kind: "started" | "paused" | "resumed" | "purged" | "changed";
  /** Of a change: what was changed. */
  detail?: string;
}

export interface QueueHistory {
  /** How long each slot is, in seconds. */
  slotSeconds: number;
  /** In order of time; a slot in which nothing happened is left out. */
  points: HistoryPoint[];
  marks: HistoryMark[];
}

/** How far back a history goes: in steps of 10 s, or of 2 minutes. */
export type HistorySpan = (typeof SPANS)[number];

export const SPANS = ["15m", "6h"] as const;

const SHAPES = {
  "15m": { slotMs: 10_000, slots: 90 },
  "6h": { slotMs: 120_000, slots: 180 },
} as const;

/** Seconds of a slot. */
export function slotSecondsOf(span: HistorySpan): number {
  return SHAPES[span].slotMs / 1000;
}

/** When the time that a span shows at `now` began (ms since 1970). */
export function beginOf(span: HistorySpan, now: number): number {
  const { slotMs, slots } = SHAPES[span];
  return (Math.floor(now / slotMs) - slots + 1) * slotMs;
}

/** A history as stored while its object is not in memory. */
export type StoredHistory = Partial<Record<HistorySpan, StoredRing>>;

/** Times in ms since 1970. */
export class History {
  readonly #rings: Record<HistorySpan, HistoryRing>;

  constructor(stored: StoredHistory = {}) {
    const ring = (span: HistorySpan) =>
      new HistoryRing(SHAPES[span].slotMs, SHAPES[span].slots, stored[span]);
    this.#rings = { "15m": ring("15m"), "6h": ring("6h") };
  }

  count(step: TransitionKind, n: number, now: number): void {
    this.#rings["15m"].count(step, n, now);
    this.#rings["6h"].count(step, n, now);
  }

  /** An attempt started `ms` after its time. */
  late(ms: number, now: number): void {
    this.#rings["15m"].late(ms, now);
    this.#rings["6h"].late(ms, now);
  }

  /** An attempt was answered after `ms`. */
  ran(ms: number, now: number): void {
    this.#rings["15m"].ran(ms, now);
    this.#rings["6h"].ran(ms, now);
  }

  /** The slots of a span that end after `since`; `tasks` are on the queue now. */
  points(span: HistorySpan, now: number, tasks: number, since = 0): HistoryPoint[] {
    const { slotMs } = this.#rings[span];
    return this.#slots(span, now, tasks)
      .filter(({ index }) => (index + 1) * slotMs > since)
      .map((slot) => pointOf(slot, slotMs));
  }

  /** `tasks`: on the queue now, where that is known. */
  toStored(now: number, tasks: number | undefined): StoredHistory {
    const ring = (span: HistorySpan) =>
      this.#rings[span].toStored(this.#slots(span, now, tasks ?? null));
    return { "15m": ring("15m"), "6h": ring("6h") };
  }

  // Nobody counts tasks as slots close: from how many there are now it goes back by what happened since, and
  // where that was written down it goes by that.
  #slots(span: HistorySpan, now: number, tasks: number | null): Slot[] {
    let atEnd = tasks;
    return this.#rings[span]
      .slots(now)
      .reverse()
      .map((slot, age) => {
        const counted = atEnd === null ? null : Math.max(0, atEnd);
        const known = age === 0 ? (counted ?? slot.tasks) : (slot.tasks ?? counted);
        atEnd = known === null ? null : known - gainOf(slot.counts);
        return { ...slot, tasks: known };
      })
      .reverse();
  }
}

function pointOf({ index, counts, tasks, lateness, runTime }: Slot, slotMs: number): HistoryPoint {
  return { at: rfc3339(index * slotMs), ...counts, tasks: tasks ?? 0, lateness, runTime };
}

/** Whether anything was counted. */
export function happened(counts: TransitionCounts): boolean {
  return TRANSITION_KINDS.some((step) => counts[step] > 0);
}
