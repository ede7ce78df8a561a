// Whether there is room for more tasks, and how often the database is asked how large it is.
import { describe, expect, it } from "vitest";
import { Room } from "../../../src/objects/queue/room.ts";

const MB = 1024 * 1024;
const GB = 1024 * MB;

function roomOf(size: number) {
  const database = { bytes: size, asked: 0 };
  const room = new Room({
    size: () => {
      database.asked++;
      return database.bytes;
    },
  });
  return { room, database };
}

describe("a queue's room", () => {
  it.each([
    { limit: undefined, shards: 1, bytes: 9.5e9 - 1, isFull: false },
    { limit: undefined, shards: 1, bytes: 9.5e9, isFull: true },
    { limit: MB, shards: 1, bytes: MB - 1, isFull: false },
    { limit: MB, shards: 1, bytes: MB, isFull: true },
    { limit: 4 * MB, shards: 4, bytes: MB, isFull: true },
    { limit: 100 * GB, shards: 1, bytes: 9.5e9, isFull: true },
  ])("of $limit bytes over $shards, with $bytes taken, is full: $isFull", (given) => {
    const { room } = roomOf(given.bytes);
    expect(room.refusal(given.limit, given.shards) !== undefined).toBe(given.isFull);
  });

  it.each([
    { limit: undefined, bytes: 0, calls: 42, asked: 2 },
    { limit: 500 * MB, bytes: 0, calls: 10, asked: 2 },
    { limit: 100 * MB, bytes: 0, calls: 10, asked: 10 },
    { limit: MB, bytes: MB, calls: 10, asked: 10 },
  ])("of $limit bytes is looked at $asked times in $calls calls", (given) => {
    const { room, database } = roomOf(given.bytes);
    for (let i = 0; i < given.calls; i++) room.refusal(given.limit);
    expect(database.asked).toBe(given.asked);
  });

  it("is not passed by what came in since it was looked at", () => {
    const { room, database } = roomOf(0);
    const limit = GB;
    let calls = 0;
    for (; room.refusal(limit) === undefined; calls++) database.bytes += 30 * MB;
    expect(database.bytes).toBeLessThan(limit + 30 * MB);
    expect(calls).toBeGreaterThan(30);
  });
});
