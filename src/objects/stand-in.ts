// Where the test kit (src/testing) steps in for the platform: it moves time, keeps alarms for itself to fire, and
// sees what is under way. In production nothing does, and each place that asks costs a comparison. Nothing the
// package exports sets it, apart from the kit's own entries.
import type { AlarmStorage } from "./wakeup.ts";

/** An object's alarm in the platform's storage. */
export interface StoredAlarm extends AlarmStorage {
  getAlarm(): Promise<number | null>;
}

/** An object that has just started. */
export interface StartedObject {
  /** Whether anything is under way that a crash would need to find again. */
  isBusy(): boolean;
  /** When time alone gives it something to do (ms since 1970), infinite when it does not. Read from within. */
  nextWakeAt(): number;
}

/** Of an object's state, what its alarm needs. */
export interface AlarmState {
  id: { toString(): string };
  storage: StoredAlarm;
}

/** Which object, or entrypoint, is called. */
export interface Callee {
  className: string;
  name: string;
}

export interface StandIn {
  /** ms since 1970 */
  now(): number;
  /** Where an object's alarm is stored. */
  alarmOf(object: StartedObject, state: AlarmState): StoredAlarm;
  /** A stub whose calls are seen. */
  watch<Rpc>(callee: Callee, stub: Rpc): Rpc;
  /** How many attempts may share a call to the runner, where it does not take them as they are. */
  readonly attemptsPerCall?: number;
  /** Whether attempts start when an alarm fires, and at no other moment. */
  readonly startsInAlarmsOnly?: boolean;
  /** Runs `work` when the moment `at` (ms since 1970) has come; what it returns calls that off. */
  runAt(at: number, work: () => void): () => void;
}

/** Set while a test kit is in use. */
export let standIn: StandIn | undefined;

export function stepIn(by: StandIn | undefined): void {
  standIn = by;
}
