// The coordinator's book, message by message: what comes late, twice or not at all makes no token and no slot.
import { describe, expect, it } from "vitest";
import { asked, returned } from "../../../src/core/sharding/coordinator.ts";
import { ask, holdsNothing, nextWord } from "../../../src/core/sharding/held.ts";
import {
  emptyLedger,
  free,
  type Ledger,
  settled,
  withoutIdle,
} from "../../../src/core/sharding/ledger.ts";
import { type Holding, NOTHING, type Total } from "../../../src/core/sharding/share.ts";
import { LEASE_MS, MANY, MARGIN_MS, type Statement } from "../../../src/core/sharding/statement.ts";

const TOTAL: Total = { bucket: { rate: 10, capacity: 20 }, slots: 8, shards: 4 };
const BUSY = { tokens: MANY, slots: MANY, bare: 0, pace: 0 };
const IDLE = { tokens: 0, slots: 0, bare: 0, pace: 0 };

function said(number: number, more: Partial<Statement> = {}): Statement {
  const base = { shard: 1, instance: 11, took: number - 1, tokens: 0, wants: BUSY };
  return { ...base, number, holds: NOTHING, ...more };
}

/** The book after shard 1 has asked at 0 and was given everything. */
function given(): { ledger: Ledger; holds: Holding; tokens: number } {
  const { ledger, grant } = asked(settled(emptyLedger(), TOTAL, 0), TOTAL, said(1, { took: 0 }), 0);
  return { ledger, holds: grant.holds, tokens: grant.tokens };
}

/** What is free at `now`. */
function left(ledger: Ledger, now: number) {
  const { part, slots, level } = free(settled(ledger, TOTAL, now), TOTAL, now);
  return { part, slots, tokens: level.tokens };
}

describe("a shard that alone has something to do", () => {
  it("is given all of it", () => {
    expect(given()).toMatchObject({ holds: { part: 1, slots: 8 }, tokens: 20 });
    expect(left(given().ledger, 0)).toEqual({ part: 0, slots: 0, tokens: 0 });
  });
});

describe("when a lease is over", () => {
  const over = LEASE_MS + MARGIN_MS;

  it("its part is free, empty, and its slots are not", () => {
    expect(left(given().ledger, over - 1)).toEqual({ part: 0, slots: 0, tokens: 0 });
    expect(left(given().ledger, over)).toEqual({ part: 1, slots: 0, tokens: 0 });
  });

  it("it fills from then on, though nobody looks", () => {
    expect(left(given().ledger, over + 1_500)).toEqual({ part: 1, slots: 0, tokens: 15 });
    expect(left(given().ledger, over + 60_000)).toEqual({ part: 1, slots: 0, tokens: 20 });
  });

  it("each of several fills from when its own was over", () => {
    const half = said(2, { holds: { part: 0.5, slots: 3 }, tokens: 10, wants: IDLE });
    const { ledger } = returned(given().ledger, TOTAL, half, 0);
    const two = asked(ledger, TOTAL, said(1, { shard: 2, instance: 22, took: 0 }), 4_000).ledger;
    expect(left(two, over + 4_000 + 100)).toMatchObject({ part: 1, tokens: 10 + 1 });
  });

  it("tokens that come back later come to nothing", () => {
    const back = said(2, { holds: { part: 0, slots: 8 }, tokens: 15, wants: IDLE });
    const { ledger } = returned(given().ledger, TOTAL, back, over);
    expect(left(ledger, over)).toEqual({ part: 1, slots: 0, tokens: 0 });
  });

  it("a clock that went back ends it no later than a lease from then", () => {
    const ledger = settled(given().ledger, TOTAL, -100_000);
    expect(left(ledger, -100_000 + over).part).toBe(1);
  });
});

describe("a statement", () => {
  const back = said(2, { holds: { part: 0.5, slots: 3 }, tokens: 7, wants: IDLE });

  it("gives back what it does not keep, once however often it comes", () => {
    const { ledger } = returned(given().ledger, TOTAL, back, 0);
    expect(left(ledger, 0)).toEqual({ part: 0.5, slots: 5, tokens: 7 });
    expect(left(returned(ledger, TOTAL, back, 0).ledger, 0)).toEqual(left(ledger, 0));
    expect(asked(ledger, TOTAL, back, 0).grant).toMatchObject({ holds: NOTHING, knows: 11 });
  });

  it("cannot hold more than was granted, nor give back more than its part", () => {
    const more = said(2, { holds: { part: 3, slots: 99 }, tokens: 99, wants: IDLE });
    expect(left(returned(given().ledger, TOTAL, more, 0).ledger, 0)).toEqual({
      ...{ part: 0, slots: 0, tokens: 0 },
    });
  });

  it("that was overtaken by a later one changes nothing", () => {
    const { ledger } = returned(given().ledger, TOTAL, said(3, { wants: IDLE }), 0);
    expect(left(returned(ledger, TOTAL, back, 0).ledger, 0)).toEqual(left(ledger, 0));
  });

  it("of a shard that has not taken its grant brings the tokens back", () => {
    const { ledger } = returned(given().ledger, TOTAL, said(2, { took: 0, wants: IDLE }), 0);
    expect(left(ledger, 0)).toEqual({ part: 1, slots: 8, tokens: 20 });
  });

  it("of one that took it and says nothing of tokens forfeits them", () => {
    const { ledger } = returned(given().ledger, TOTAL, said(2, { wants: IDLE }), 0);
    expect(left(ledger, 0)).toEqual({ part: 1, slots: 8, tokens: 0 });
  });
});

describe("a new life of a shard's object", () => {
  const fresh = (more: Partial<Statement> = {}) =>
    said(1, { instance: 12, took: 0, wants: IDLE, ...more });

  it("is heard once it can name the one before, whose slots are free then and whose tokens are lost", () => {
    const { ledger, grant } = asked(given().ledger, TOTAL, fresh(), 0);
    expect(grant).toMatchObject({ holds: NOTHING, knows: 11 });
    expect(left(ledger, 0).slots).toBe(0);
    const next = asked(ledger, TOTAL, fresh({ replaces: 11, number: 2 }), 0);
    expect(left(next.ledger, 0)).toEqual({ part: 1, slots: 8, tokens: 0 });
  });

  it("is not ended by what a former one said and comes late", () => {
    const now = asked(given().ledger, TOTAL, fresh({ replaces: 11, wants: BUSY }), 0);
    expect(now.grant.holds.slots).toBe(8);
    for (const late of [said(2, { wants: IDLE }), fresh({ instance: 13, replaces: 11 })]) {
      expect(left(returned(now.ledger, TOTAL, late, 0).ledger, 0).slots).toBe(0);
    }
  });
});

describe("a shard that has slots and says nothing", () => {
  const other = (number: number, now: number, ledger: Ledger) =>
    asked(ledger, TOTAL, { ...said(number), shard: 2, instance: 22 }, now);

  it("is called again when it was told long ago, for it may have ended", () => {
    // It has heard that others lack some, and keeps what runs.
    const told = returned(
      ...([given().ledger, TOTAL, said(2, { took: 0, holds: { part: 0, slots: 4 } }), 0] as const),
    ).ledger;
    const soon = other(1, 1_000, told);
    const later = other(2, 40_000, soon.ledger);
    expect(soon.recalls).toEqual([]);
    expect(later.recalls.map(({ shard }) => shard)).toEqual([1]);
  });

  it("is not forgotten, and is once it has had nothing for long", () => {
    expect(Object.keys(withoutIdle(given().ledger, 1e9).grants)).toEqual(["1"]);
    const { ledger } = returned(given().ledger, TOTAL, said(2, { took: 0, wants: IDLE }), 0);
    const at = (now: number) => Object.keys(withoutIdle(settled(ledger, TOTAL, now), now).grants);
    expect(at(30_000)).toEqual(["1"]);
    expect(at(80_000)).toEqual([]);
  });
});

describe("a shard that waits long for a token", () => {
  const SLOW: Total = { bucket: { rate: 0.01, capacity: 1 }, slots: 8, shards: 4 };
  const load = { running: 1, due: 5, expedited: 0 };

  it("asks at once for a slot of a task that needs no token, and once for it", () => {
    const held = holdsNothing(1, 11, 0);
    const [before] = ask(held, SLOW, load, 0);
    const again = { ...before, askedAt: undefined, again: 100_000 };
    expect(nextWord(again, SLOW, load, 10)).toBe(100_000);
    const now = { ...load, expedited: 1 };
    expect(nextWord(again, SLOW, now, 1_000)).toBeLessThanOrEqual(1_000);
    const [after] = ask(again, SLOW, now, 1_000);
    const waits = { ...after, askedAt: undefined, again: 100_000 };
    expect(nextWord(waits, SLOW, now, 2_000)).toBe(100_000);
  });
});

describe("a shard whose slots are all taken", () => {
  it("gives back the tokens it has no use for, and does not ask for them", () => {
    const load = { running: 1, due: 5, expedited: 0 };
    const held = {
      ...holdsNothing(1, 11, 0),
      ...{ share: { part: 0.5, slots: 1, level: { tokens: 4, at: 0 } }, until: LEASE_MS },
      ...{ isScarce: true, pace: 0.1 },
    };
    const [, { wants, tokens }] = ask(held, TOTAL, load, 3_000);
    expect(tokens).toBeGreaterThan(1);
    expect(wants.tokens).toBe(0);
  });
});
