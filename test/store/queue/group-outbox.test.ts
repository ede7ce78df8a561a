// Events reach a group whatever is rolled back, sent twice or sent after a restart: a group that takes each
// subtask's last state ends where the queue is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { migrate, QUEUE_MIGRATIONS } from "../../../src/store/migrations.ts";
import {
  type EventBatch,
  GroupOutbox,
  type SubtaskState,
} from "../../../src/store/queue/group-outbox.ts";
import { memorySql } from "../sqlite.ts";

const GROUPS = ["a", "b"];
const STATES: SubtaskState[] = ["open", "done", "failed", "deleted"];

class Place {
  readonly sql = memorySql();
  outbox: GroupOutbox;
  /** What the queue has committed, and what the groups have taken. */
  readonly committed = new Map<string, SubtaskState>();
  readonly received = new Map<string, SubtaskState>();

  constructor() {
    migrate(this.sql, QUEUE_MIGRATIONS);
    this.outbox = new GroupOutbox(this.sql);
  }

  commit(entries: readonly { group: string; index: number; state: SubtaskState }[]): void {
    this.sql.transaction(() => {
      for (const { group, ...entry } of entries) this.outbox.add(group, entry);
      this.outbox.write();
    });
    for (const { group, index, state } of entries) this.committed.set(`${group} ${index}`, state);
  }

  undo(entries: readonly { group: string; index: number; state: SubtaskState }[]): void {
    const saved = this.outbox.save();
    const undone = () => {
      for (const { group, ...entry } of entries) this.outbox.add(group, entry);
      this.outbox.write();
      throw new Error("undone");
    };
    expect(() => this.sql.transaction(undone)).toThrow("undone");
    this.outbox.restore(saved);
  }

  get hasPending(): boolean {
    return this.outbox.pendingGroups().size > 0;
  }

  send(isConfirmed: boolean): void {
    for (const group of this.outbox.pendingGroups()) {
      const batch = this.outbox.pendingOf(group) as EventBatch;
      this.#receive(batch);
      if (isConfirmed) this.sql.transaction(() => this.outbox.delivered(batch));
    }
  }

  #receive({ group, events }: EventBatch): void {
    for (const { index, state } of events)
      this.received.set(`${group} ${index}`, state as SubtaskState);
  }
}

const entry = fc.record({
  group: fc.constantFrom(...GROUPS),
  index: fc.integer({ min: 0, max: 5 }),
  state: fc.constantFrom(...STATES),
});
const step = fc.oneof(
  fc.record({ do: fc.constantFrom("commit", "undo"), entries: fc.array(entry, { maxLength: 4 }) }),
  fc.record({ do: fc.constant("many"), state: fc.constantFrom(...STATES) }),
  fc.record({ do: fc.constantFrom("send", "send unheard", "reopen") }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function take(place: Place, step: Step): void {
  if (step.do === "commit" && "entries" in step) place.commit(step.entries);
  else if (step.do === "undo" && "entries" in step) place.undo(step.entries);
  else if (step.do === "many" && "state" in step) {
    const { state } = step;
    place.commit(Array.from({ length: 260 }, (_, index) => ({ group: "a", index, state })));
  } else if (step.do === "reopen") place.outbox = new GroupOutbox(place.sql);
  else place.send(step.do === "send");
}

describe("events", () => {
  it("arrive in the end, and leave nothing pending", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const place = new Place();
        for (const one of steps) take(place, one);
        place.outbox = new GroupOutbox(place.sql);
        for (let i = 0; place.hasPending; i++) {
          place.send(true);
          if (i > 50) throw new Error("never delivered");
        }
        expect(place.received).toEqual(place.committed);
      }),
      { numRuns: 300 },
    );
  });

  it("cost a row for each commit, however many there are, and none to be delivered", () => {
    const place = new Place();
    const before = place.sql.written;
    for (let index = 0; index < 100; index++) {
      place.commit([{ group: "a", index, state: "done" }]);
      place.send(true);
    }
    expect(place.sql.written - before).toBe(100);
  });

  it("of a group that is over are gone, once they have been delivered", () => {
    const place = new Place();
    place.commit([{ group: "a", index: 1, state: "done" }]);
    place.sql.transaction(() => place.outbox.forget("a"));
    expect(place.hasPending).toBe(true);
    place.send(true);
    place.sql.transaction(() => place.outbox.forget("a"));
    expect(place.sql.rows("SELECT * FROM group_events")).toEqual([]);
    expect(place.hasPending).toBe(false);
  });
});
