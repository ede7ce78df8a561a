// News reach a group whatever is undone, told twice or told after a restart: an owner that takes each
// subtask's last state ends where the queue is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { migrate } from "../../../src/store/migrations.ts";
import { type EventBatch, type MemberState, News } from "../../../src/store/queue/group-outbox.ts";
import { memorySql } from "../sqlite.ts";

const GROUPS = ["a", "b"];
const STATES: MemberState[] = ["open", "done", "failed", "deleted"];

class Place {
  readonly sql = memorySql();
  news: News;
  /** What the queue has committed, and what the owners have taken. */
  readonly said = new Map<string, MemberState>();
  readonly heard = new Map<string, MemberState>();

  constructor() {
    migrate(this.sql);
    this.news = new News(this.sql);
  }

  commit(entries: readonly { group: string; index: number; state: MemberState }[]): void {
    this.sql.transaction(() => {
      for (const { group, ...entry } of entries) this.news.add(group, entry);
      this.news.write();
    });
    for (const { group, index, state } of entries) this.said.set(`${group} ${index}`, state);
  }

  undo(entries: readonly { group: string; index: number; state: MemberState }[]): void {
    const saved = this.news.saved();
    const undone = () => {
      for (const { group, ...entry } of entries) this.news.add(group, entry);
      this.news.write();
      throw new Error("undone");
    };
    expect(() => this.sql.transaction(undone)).toThrow("undone");
    this.news.undo(saved);
  }

  tell(isConfirmed: boolean): void {
    for (const batch of this.news.untold()) {
      this.#hear(batch);
      if (isConfirmed) this.sql.transaction(() => this.news.told(batch));
    }
  }

  #hear({ group, entries }: EventBatch): void {
    for (const { index, state } of entries)
      this.heard.set(`${group} ${index}`, state as MemberState);
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
  fc.record({ do: fc.constantFrom("tell", "tell unheard", "reopen") }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function take(place: Place, step: Step): void {
  if (step.do === "commit" && "entries" in step) place.commit(step.entries);
  else if (step.do === "undo" && "entries" in step) place.undo(step.entries);
  else if (step.do === "many" && "state" in step) {
    const { state } = step;
    place.commit(Array.from({ length: 260 }, (_, index) => ({ group: "a", index, state })));
  } else if (step.do === "reopen") place.news = new News(place.sql);
  else place.tell(step.do === "tell");
}

describe("news", () => {
  it("arrive in the end, and leave nothing untold", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const place = new Place();
        for (const one of steps) take(place, one);
        place.news = new News(place.sql);
        for (let i = 0; place.news.hasPending(); i++) {
          place.tell(true);
          if (i > 50) throw new Error("never told");
        }
        expect(place.heard).toEqual(place.said);
      }),
      { numRuns: 300 },
    );
  });

  it("cost a row for each commit, however many there are, and none to be told", () => {
    const place = new Place();
    const before = place.sql.written;
    for (let index = 0; index < 100; index++) {
      place.commit([{ group: "a", index, state: "done" }]);
      place.tell(true);
    }
    expect(place.sql.written - before).toBe(100);
  });

  it("of a group that is over are gone, once they have been told", () => {
    const place = new Place();
    place.commit([{ group: "a", index: 1, state: "done" }]);
    place.sql.transaction(() => place.news.forget("a"));
    expect(place.news.hasPending()).toBe(true);
    place.tell(true);
    place.sql.transaction(() => place.news.forget("a"));
    expect(place.sql.rows("SELECT * FROM news")).toEqual([]);
    expect(place.news.hasPending()).toBe(false);
  });
});
