// What handlers and objects report to the collector, and what an attempt carries for it.

/** What is known of an attempt when it starts; it goes with the request. */
export interface Stamps {
  attempt?: string | undefined;
  /** The server's clock: when the turn began, and the latest it had shown; the machine's clock. */
  turn?: number | undefined;
  latest?: number | undefined;
  /** The same by a clock that goes on where the server's goes back within a life. */
  turnOnward?: number | undefined;
  latestOnward?: number | undefined;
  at?: number | undefined;
  /** Which of the queue's objects made it. */
  shard?: number | undefined;
}

export type Report =
  | (Stamps & {
      kind: "start";
      id: string;
      queue: string;
      task: string;
      failedOn?: string | undefined;
      deadlineMs?: number | undefined;
    })
  | (Stamps & { kind: "end"; id: string; ok: boolean; isFinal?: boolean })
  | (Stamps & { kind: "cut"; id: string; why: string; reading: number })
  | (Stamps & { kind: "written"; task: string; reading: number })
  /** The clock before the turn and after it. */
  | { kind: "turn"; from: number; to: number };

/** The stamps of an attempt, in the headers of its request. */
export function stampsOf(header: (name: string) => string | null | undefined): Stamps {
  const number = (name: string) => {
    const value = header(name);
    return value ? Number(value) : undefined;
  };
  return {
    attempt: header("X-Chaos-Attempt") ?? undefined,
    turn: number("X-Chaos-Turn"),
    latest: number("X-Chaos-Latest"),
    turnOnward: number("X-Chaos-Turn-Onward"),
    latestOnward: number("X-Chaos-Latest-Onward"),
    at: number("X-Chaos-At"),
    shard: number("X-Chaos-Shard"),
  };
}

/** What the collector tells at a start: how often the task has started, and how often it has failed for good. */
export interface Past {
  starts: number;
  finals: number;
  /** Whether a success stands whose body breaks off. */
  mayTear: boolean;
}

/** The shortest deadline a task can have. */
export const DEADLINE_S = 15;

/** Tasks that take longer than their deadline have the shortest one. */
export function deadlineOf(does: string): { deadlineMs?: number } {
  return does === "hang" || does.startsWith("late-") ? { deadlineMs: DEADLINE_S * 1000 } : {};
}
