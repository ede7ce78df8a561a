import { describe, expect, it } from "vitest";
import {
  actOnAll,
  type BulkProgress,
  namesOnPages,
  oneByOne,
  outcomeText,
} from "../../src/console/queue/bulk.ts";
import {
  type Filter,
  filterWords,
  isSearch,
  listPath,
  lookedWords,
} from "../../src/console/queue/filter.ts";
import type { Task } from "../../src/core/task/task.ts";

const page = (names: string[], cursor?: string) => ({
  tasks: names.map((name) => ({ name }) as Task),
  ...(cursor === undefined ? {} : { cursor }),
});
const going = () => new AbortController().signal;

describe("all that match", () => {
  it("are counted page by page, each once, over empty pages too", async () => {
    const pages = new Map([
      [undefined, page(["a", "b"], "1")],
      ["1", page([], "2")],
      ["2", page(["b", "c"])],
    ]);
    const counts: number[] = [];
    const names = await namesOnPages(
      async (cursor) => pages.get(cursor) ?? page([]),
      (n) => counts.push(n),
      going(),
    );
    expect(names).toEqual(["a", "b", "c"]);
    expect(counts).toEqual([2, 2, 3]);
  });

  it("are no longer counted once that is called off", async () => {
    const ending = new AbortController();
    const endless = async () => page(["a"], "on");
    const counted = (n: number) => n === 1 && ending.abort();
    await expect(namesOnPages(endless, counted, ending.signal)).rejects.toThrow();
  });
});

describe("acting on many", () => {
  const names = Array.from({ length: 5 }, (_, index) => `t${index}`);

  it("goes chunk by chunk, and tells of each", async () => {
    const chunks: (readonly string[])[] = [];
    const told: BulkProgress[] = [];
    const act = async (chunk: readonly string[]) => {
      chunks.push(chunk);
      return { done: chunk.length - 1, missed: 1, errors: [] };
    };
    const end = await actOnAll(names, 2, act, (progress) => told.push(progress), going());
    expect(chunks).toEqual([["t0", "t1"], ["t2", "t3"], ["t4"]]);
    expect(told.map(({ done }) => done)).toEqual([1, 2, 2]);
    expect(end).toEqual({ of: 5, done: 2, missed: 3, errors: [] });
  });

  it("goes on after a chunk that is refused, and says so", async () => {
    const act = async (chunk: readonly string[]) => {
      if (chunk.includes("t2")) throw new Error("no");
      return { done: chunk.length, missed: 0, errors: [] };
    };
    const end = await actOnAll(names, 2, act, () => {}, going());
    expect(outcomeText("deleted", end)).toBe("3 deleted, 2 refused: no");
  });

  it("stops between two chunks when it is called off", async () => {
    const ending = new AbortController();
    const act = async (chunk: readonly string[]) => {
      ending.abort();
      return { done: chunk.length, missed: 0, errors: [] };
    };
    const end = await actOnAll(names, 2, act, () => {}, ending.signal);
    expect(outcomeText("deleted", end)).toBe("2 deleted, 3 left alone");
  });

  it("tells the ones that were refused from the others", async () => {
    const act = async (name: string) => {
      if (name === "b") throw new Error("it is running");
    };
    expect(await oneByOne(["a", "b", "c"], act)).toEqual({
      done: 2,
      missed: 0,
      errors: ["it is running"],
    });
  });
});

describe("a filter", () => {
  const NONE: Filter = { state: "", prefix: "", tag: "", key: "", text: "", header: "" };
  const pathOf = (filter: Partial<Filter>, cursor?: string) =>
    listPath("sub", { ...NONE, ...filter }, 50, cursor);
  const wordsOf = (filter: Partial<Filter>, n = 2) => filterWords({ ...NONE, ...filter }, n);

  it("is the API's query", () => {
    const filter = { state: "failed", prefix: "a&b" } as const;
    expect(pathOf(filter)).toBe("/queues/sub/tasks?state=failed&prefix=a%26b&limit=50");
    expect(pathOf({ state: "ended", tag: "x", key: "k", text: "t", header: "h:v" }, "c")).toBe(
      "/queues/sub/tombstones?limit=50&cursor=c",
    );
    expect(wordsOf(filter)).toBe('failed tasks whose names begin with "a&b"');
    expect(wordsOf({ tag: "a4" }, 1)).toBe('task tagged "a4"');
    expect(pathOf({ key: "a/b" })).toBe("/queues/sub/tasks?key=a%2Fb&limit=50");
    expect(wordsOf({ key: "a/b" })).toBe('tasks of the key "a/b"');
  });

  it("searches by text, and by a header once it has a colon", () => {
    expect(pathOf({ text: "a b", header: "X-Cust" })).toBe("/queues/sub/tasks?text=a+b&limit=50");
    expect(isSearch({ ...NONE, header: "X-Cust" })).toBe(false);
    const both = { text: "ann", header: "X-Customer: acme" };
    expect(pathOf(both)).toBe("/queues/sub/tasks?text=ann&header=X-Customer%3A+acme&limit=50");
    expect(wordsOf(both)).toBe(
      'tasks with "ann" in their payload and the header "X-Customer: acme"',
    );
    expect(isSearch({ ...NONE, state: "ended", ...both })).toBe(false);
  });

  it.each([
    [5000, 120_000, "looked at 5,000 of 120k"],
    [5000, null, "looked at 5,000"],
    // Counted a moment before.
    [11, 10, "looked at 11 of 11"],
  ])("has looked at %i of %s", (looked, all, words) => {
    expect(lookedWords(looked, all)).toBe(words);
  });
});
