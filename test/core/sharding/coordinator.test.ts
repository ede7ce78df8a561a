// What the coordinator grants shards that have got something to do at the same time, without a rate limit: slots alone.
import { describe, expect, it } from "vitest";
import { asked, askedTogether, returned } from "../../../src/core/sharding/coordinator.ts";
import { emptyLedger, free, type Ledger } from "../../../src/core/sharding/ledger.ts";
import { NOTHING, type Total } from "../../../src/core/sharding/share.ts";
import { MANY, type Statement } from "../../../src/core/sharding/statement.ts";

const BUSY = { tokens: MANY, slots: MANY, bare: 0, pace: 0 };
const IDLE = { tokens: 0, slots: 0, bare: 0, pace: 0 };

function slotsFor(shards: number, slots = 200): Total {
  return { bucket: undefined, slots, shards };
}

function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

/** A shard's word; `slots`: what it has. */
function word(shard: number, number = 1, slots = 0, more: Partial<Statement> = {}): Statement {
  const holds = { part: 0, slots };
  const said = { shard, instance: 10 + shard, number, took: number - 1, holds, tokens: 0 };
  return { ...said, wants: BUSY, ...more };
}

/** Each asks by itself, one behind the other. */
function inTurn(total: Total, asks: readonly Statement[], from: Ledger = emptyLedger(), now = 0) {
  let ledger = from;
  const decisions = asks.map((ask) => {
    const decision = asked(ledger, total, ask, now);
    ledger = decision.ledger;
    return decision;
  });
  return { ledger, decisions };
}

describe("shards that get something to do at the same time", () => {
  it.each([
    [2, 200, 100],
    [4, 200, 50],
    [4, 7, 1],
    [100, 200, 2],
    [256, 300, 1],
  ])(
    "%i of %i slots each get an equal part, whoever is first, and nobody is called",
    (n, slots, each) => {
      const total = slotsFor(n, slots);
      const asks = upTo(n).map((shard) => word(shard));
      const { ledger, decisions } = inTurn(total, asks);
      const together = askedTogether(emptyLedger(), total, asks, 0);
      for (const { grant, recalls } of decisions) {
        expect(grant.holds.slots).toBe(each);
        expect(recalls).toEqual([]);
      }
      expect(together.grants.map(({ holds }) => holds.slots)).toEqual(upTo(n).map(() => each));
      expect(together.recalls).toEqual([]);
      expect(free(ledger, total, 0).slots).toBe(slots - n * each);
    },
  );

  it("one that is alone gets the rest in its next word, a moment later", () => {
    const total = slotsFor(4);
    const first = asked(emptyLedger(), total, word(1), 0);
    expect(first.grant).toMatchObject({ holds: { slots: 50 }, again: 50 });
    const next = asked(first.ledger, total, word(1, 2, 50), 50);
    expect(next.grant).toMatchObject({ holds: { slots: 200 } });
  });

  it("one that wants less gets what it wants, and need not come again for it", () => {
    const few = word(1, 1, 0, { wants: { ...BUSY, slots: 3 } });
    expect(asked(emptyLedger(), slotsFor(4), few, 0).grant).toMatchObject({
      ...{ holds: { slots: 3 }, again: 300 },
    });
  });
});

describe("asks in one commit", () => {
  const total: Total = { bucket: { rate: 100, capacity: 40 }, slots: 8, shards: 4 };

  it("share what there is, though the first could use all of it", () => {
    const asks = upTo(4).map((shard) => word(shard));
    const { grants, recalls, ledger } = askedTogether(emptyLedger(), total, asks, 0);
    expect(grants.map(({ holds }) => holds)).toEqual(upTo(4).map(() => ({ part: 0.25, slots: 2 })));
    expect(grants.map(({ tokens }) => tokens)).toEqual([10, 10, 10, 10]);
    expect(recalls).toEqual([]);
    expect(free(ledger, total, 0)).toMatchObject({ part: 0, slots: 0, level: { tokens: 0 } });
  });

  it("of one shard count by the last, and what an earlier one would get nobody has", () => {
    const { grants, ledger } = askedTogether(emptyLedger(), total, [word(1), word(1, 2)], 0);
    expect(grants[0]).toMatchObject({ number: 1, holds: NOTHING, tokens: 0, knows: 11 });
    expect(grants[1]).toMatchObject({ number: 2, holds: { part: 1, slots: 8 }, tokens: 40 });
    expect(ledger.grants).toMatchObject({ 1: { part: 1, slots: 8, given: 40 } });
  });

  it("of two lives count by the one that names the other", () => {
    const asks = [word(1), word(1, 1, 0, { instance: 99, replaces: 11 })];
    const { grants } = askedTogether(emptyLedger(), total, asks, 0);
    expect(grants[0]).toMatchObject({ holds: NOTHING, knows: 99 });
    expect(grants[1]).toMatchObject({ holds: { part: 1, slots: 8 } });
  });
});

describe("a shard that was called", () => {
  const NOW = 1_000_000;

  /** It has all slots, and shard 1 has come. */
  function called() {
    const total = slotsFor(4);
    const one = asked(emptyLedger(), total, word(0), NOW).ledger;
    const all = asked(one, total, word(0, 2, 50), NOW + 50).ledger;
    const { ledger, recalls } = asked(all, total, word(1), NOW + 60);
    return { total, ledger, recalls };
  }

  it("is called again at once where it is to keep less than it was told, and else only later", () => {
    const { total, ledger, recalls } = called();
    expect(recalls).toMatchObject([{ shard: 0, keeps: { slots: 100 } }]);
    const same = asked(ledger, total, word(1, 2), NOW + 70);
    expect(same.recalls).toEqual([]);
    expect(asked(same.ledger, total, word(1, 3), NOW + 561).recalls).toHaveLength(1);
    const third = asked(same.ledger, total, word(2), NOW + 80);
    expect(third.recalls).toMatchObject([{ shard: 0, keeps: { slots: 68 } }]);
  });

  it("has those told that wait when it has given something back", () => {
    const { total, ledger } = called();
    const back = word(0, 3, 0, { wants: IDLE });
    expect(returned(ledger, total, back, NOW + 300).nudges).toEqual([1]);
  });
});
