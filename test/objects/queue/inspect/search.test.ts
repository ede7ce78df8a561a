// Searches of a queue's tasks by what is in them: what is found, how far each page came, and where the next goes on.
import { beforeEach, describe, expect, it } from "vitest";
import type { ListQuery, NewTask, Task } from "../../../../src/index.ts";
import { deployQueues } from "../../../support/deploy.ts";
import { freshStart, pass, queue } from "../../../support/time.ts";
import { handlers } from "../../../support/worker.ts";

beforeEach(freshStart);

const namesOf = (tasks: readonly Task[]) => tasks.map(({ name }) => name);

/** Every page of a search; `between` them something may happen. */
async function search(name: string, query: ListQuery, between = async () => {}) {
  const [found, scanned]: [string[], number[]] = [[], []];
  for (let cursor: string | undefined; ; ) {
    const page = await queue(name).list({ ...query, ...(cursor && { cursor }) });
    found.push(...namesOf(page.tasks));
    scanned.push(page.scanned ?? -1);
    cursor = page.cursor;
    if (cursor === undefined) return { found, scanned };
    await between();
  }
}

async function fill(name: string, count: number, task: (i: number) => NewTask): Promise<void> {
  for (let at = 0; at < count; at += 1000) {
    const some = Math.min(1000, count - at);
    await queue(name).add(Array.from({ length: some }, (_, i) => task(at + i)));
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

describe("a search", () => {
  it("finds by text and by header, beside state, tag and prefix, and says what it looked at", async () => {
    await queue("stopped").add([
      { name: "a1", payload: { to: "Ann" }, headers: { "X-Customer": "acme" } },
      { name: "a2", payload: { to: "Bo" }, headers: { "x-customer": "acme" }, countdown: 60 },
      { name: "b1", payload: "for ann", headers: { "X-Customer": "other" } },
      { name: "b2", params: { to: "ann lee" } },
    ]);
    const found = (query: ListQuery) => search("stopped", query);
    expect(await found({ text: "ANN" })).toEqual({ found: ["a1", "b1", "b2"], scanned: [4] });
    expect(await found({ text: "ann", prefix: "b" })).toMatchObject({ found: ["b1", "b2"] });
    expect(await found({ header: "X-Customer: acme" })).toMatchObject({ found: ["a1", "a2"] });
    expect(await found({ header: "X-Customer:acme", text: "bo" })).toMatchObject({ found: ["a2"] });
    const scheduled = await found({ header: "X-Customer: acme", state: "scheduled" });
    expect(scheduled).toEqual({ found: ["a2"], scanned: [1] });
    expect(await found({ text: "nobody" })).toEqual({ found: [], scanned: [4] });
    await queue("pull").add([
      { name: "p1", payload: "ann", tag: "red" },
      { name: "p2", payload: "ann" },
    ]);
    expect(await search("pull", { text: "ann", tag: "red" })).toMatchObject({ found: ["p1"] });
  });

  it("finds those that failed, and those that have expired", async () => {
    handlers.set("/_ah/queue/push", () => new Response(null, { status: 500 }));
    await queue("push").add([
      { name: "f1", payload: "one ann", retry: { limit: 0 } },
      { name: "f2", payload: "one bo", retry: { limit: 0 } },
    ]);
    await queue("stopped").add([
      { name: "e1", payload: "ann", expires: 5 },
      { name: "e2", payload: "bo", expires: 5 },
    ]);
    await pass("push", 1);
    await pass("stopped", 10);
    const failed = await search("push", { state: "failed", text: "ann" });
    expect(failed).toEqual({ found: ["f1"], scanned: [2] });
    const expired = await search("stopped", { state: "expired", text: "bo" });
    expect(expired).toEqual({ found: ["e2"], scanned: [2] });
    expect(await search("push", { state: "expired", text: "bo" })).toEqual({
      found: [],
      scanned: [0],
    });
  });

  it("lists without one as before, and says nothing of what it looked at", async () => {
    await queue("stopped").add({ name: "n1" });
    expect(await queue("stopped").list({ prefix: "n" })).not.toHaveProperty("scanned");
  });

  it("goes on over pages of 5,000 rows, and has looked at each once", async () => {
    await deployQueues("  - { name: stopped, rate: 0/s }");
    await fill("stopped", 11_000, (i) => ({
      name: `n${i}`,
      countdown: 1 + Math.floor(i / 100),
      payload: i % 4000 === 3999 ? "needle" : "hay",
    }));
    const { found, scanned } = await search("stopped", { text: "needle" });
    expect(found).toEqual(["n3999", "n7999"]);
    expect(scanned).toEqual([5000, 5000, 1000]);
  });

  it("goes on behind what a page had room for", async () => {
    await fill("stopped", 40, (i) => ({ name: `n${i}`, countdown: 1 + i, payload: `${i % 2}` }));
    const { found, scanned } = await search("stopped", { text: "1", limit: 3 });
    expect(found).toEqual(Array.from({ length: 20 }, (_, i) => `n${2 * i + 1}`));
    expect(sum(scanned)).toBe(40);
    expect(scanned[0]).toBe(6);
  });

  it("looks at no more than 8 MB of payloads for a page", async () => {
    await deployQueues("  - { name: pull-once, mode: pull }");
    const payload = "x".repeat(200_000);
    for (let i = 0; i < 100; i += 20) {
      const some = Array.from({ length: 20 }, (_, j) => ({ name: `n${i + j}`, payload }));
      await queue("pull-once").add(some);
    }
    await queue("pull-once").add({ name: "last", payload: "needle", countdown: 60 });
    const { found, scanned } = await search("pull-once", { text: "needle" });
    expect(found).toEqual(["last"]);
    expect(scanned.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...scanned)).toBeLessThanOrEqual(46);
    expect(sum(scanned)).toBe(101);
  });

  it("misses none and finds none twice that stayed, while others come and go", async () => {
    const task = (i: number, name: string): NewTask => ({
      name,
      countdown: 1000 + i,
      payload: "yes",
    });
    await fill("stopped", 60, (i) => task(i, `stays${i}`));
    await fill("stopped", 60, (i) => task(i, `goes${i}`));
    let page = 0;
    const { found } = await search("stopped", { text: "yes", limit: 7 }, async () => {
      await queue("stopped").delete([`goes${59 - page}`, `goes${page}`]);
      await queue("stopped").add([task(5000, `late${page}`), task(-900, `early${page}`)]);
      page++;
    });
    const stayed = found.filter((name) => name.startsWith("stays"));
    expect(stayed).toEqual(Array.from({ length: 60 }, (_, i) => `stays${i}`));
    expect(new Set(found).size).toBe(found.length);
  });
});

describe("a cursor of a search", () => {
  it("is refused with another text, and without one", async () => {
    await fill("stopped", 3, (i) => ({ name: `n${i}`, payload: "yes" }));
    const { cursor } = await queue("stopped").list({ text: "yes", limit: 1 });
    for (const query of [{ text: "no" }, {}, { text: "yes", header: "a:b" }, { header: "yes:" }]) {
      const refused = queue("stopped").list({ ...query, cursor });
      await expect(refused).rejects.toMatchObject({ code: "INVALID_REQUEST" });
    }
  });
});
