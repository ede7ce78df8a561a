import { beforeEach, describe, expect, it } from "vitest";
import { clock } from "../../../support/clock.ts";
import {
  alarmOf,
  elapsed,
  evict,
  fire,
  freshStart,
  pass,
  queue,
  until,
} from "../../../support/time.ts";
import { handlers, held } from "../../../support/worker.ts";

beforeEach(freshStart);

/** The instants (seconds) at which the queue's default handler is called, answered with `status`. */
function startsOf(name: string, status = 200): number[] {
  const starts: number[] = [];
  handlers.set(`/_ah/queue/${name}`, () => {
    starts.push(elapsed());
    return new Response(null, { status });
  });
  return starts;
}

/** Adds `n` tasks and fires the queue's alarms, each so many ms late, until all have run; how many fired. */
async function passLate(name: string, n: number, late: readonly number[], evictEvery?: number) {
  await queue(name).add(tasks(n));
  for (let turn = 0; ; turn++) {
    const at = await alarmOf(name);
    if (at === null) return turn;
    clock.now = Math.max(clock.now, at + (late[turn % late.length] ?? 0));
    await pass(name, 0);
    if (evictEvery && turn % evictEvery === 0) await evict(name);
  }
}

/** Intervals in which more started than the bucket allows. */
function overspent(starts: readonly number[], capacity: number, rate: number): number[][] {
  return starts.flatMap((from, i) =>
    starts.flatMap((to, j) =>
      j >= i && j - i + 1 > capacity + rate * (to - from) + 1e-6 ? [[from, to, j - i + 1]] : [],
    ),
  );
}

const tasks = (n: number) => Array.from({ length: n }, () => ({}));

describe("the token bucket", () => {
  it("five tasks, four tokens: four run at once, the fifth after the refill", async () => {
    const starts = startsOf("four-tokens");
    await queue("four-tokens").add(tasks(5));
    await pass("four-tokens", 0);
    expect(starts).toEqual([0, 0, 0, 0]);
    await pass("four-tokens", 0.999);
    expect(starts).toHaveLength(4);
    await pass("four-tokens", 5);
    expect(starts).toEqual([0, 0, 0, 0, 1]);
  });

  it("at 5/m with a bucket of 5: five at once, then one every twelve seconds", async () => {
    const starts = startsOf("five-per-minute");
    await queue("five-per-minute").add(tasks(8));
    await pass("five-per-minute", 60);
    expect(starts).toEqual([0, 0, 0, 0, 0, 12, 24, 36]);
  });

  it("fills up again while nothing is to do, and no further than its size", async () => {
    const starts = startsOf("four-tokens");
    await queue("four-tokens").add(tasks(4));
    await pass("four-tokens", 100);
    await queue("four-tokens").add(tasks(6));
    await pass("four-tokens", 10);
    expect(starts.slice(4)).toEqual([100, 100, 100, 100, 101, 102]);
  });

  it("at 500/s lets tasks out evenly: no more than a quantum's worth at any instant after the burst", async () => {
    const starts = startsOf("paced");
    await queue("paced").add(tasks(225));
    await pass("paced", 2);
    expect(starts).toHaveLength(225);
    const bursts = Map.groupBy(starts, (at) => at);
    expect(bursts.get(0)).toHaveLength(100);
    bursts.delete(0);
    expect(Math.max(...[...bursts.values()].map((burst) => burst.length))).toBe(25);
    expect(starts.at(-1)).toBe(0.25);
  });

  it("of 5 at 500/s lets out what its rate is though every alarm comes late", async () => {
    const starts = startsOf("small-bucket");
    const turns = await passLate("small-bucket", 405, [2, 3, 1, 2, 0, 3]);
    expect(starts).toHaveLength(405);
    expect(overspent(starts, 5, 500)).toEqual([]);
    expect(starts.at(-1)).toBeLessThanOrEqual((400 / 500) * 1.01 + 0.008);
    expect(turns).toBeLessThanOrEqual(170);
  });

  it("of 5 at 500/s lets out no more than it may, though its object is evicted again and again", async () => {
    const starts = startsOf("small-bucket");
    await passLate("small-bucket", 60, [2, 3, 1, 2, 0, 3], 4);
    expect(starts).toHaveLength(60);
    expect(overspent(starts, 5, 500)).toEqual([]);
  });

  it("is bound by what tasks took that were added, whether or not they started before their object ended", async () => {
    const starts = startsOf("small-bucket");
    for (let i = 0; i < 24; i++) {
      await queue("small-bucket").add(tasks(1 + (i % 3)));
      if (i % 2 === 0) await evict("small-bucket");
      if (i % 3 > 0) await pass("small-bucket", 0.002);
      if (i % 3 === 2) await evict("small-bucket");
    }
    await pass("small-bucket", 60);
    expect(starts).toHaveLength(48);
    expect(overspent(starts, 5, 500)).toEqual([]);
  });

  it("is spent by retries like by first attempts", async () => {
    const starts = startsOf("four-tokens", 500);
    await queue("four-tokens").add([{ retry: { minBackoff: 0.1, maxBackoff: 0.1, limit: 6 } }]);
    await pass("four-tokens", 60);
    expect(starts).toEqual([0, 0.1, 0.2, 0.3, 1, 2, 3]);
  });

  it("gives no extra tokens for a restart, however often", async () => {
    const starts = startsOf("four-tokens");
    await queue("four-tokens").add(tasks(12));
    for (let i = 0; i < 10; i++) {
      await pass("four-tokens", 0.5);
      await evict("four-tokens");
    }
    for (const [i, from] of starts.entries()) {
      for (const [j, to] of starts.entries()) {
        if (j >= i) expect(j - i + 1).toBeLessThanOrEqual(4 + (to - from) + 1e-6);
      }
    }
    await pass("four-tokens", 20);
    expect(starts).toHaveLength(12);
  });

  it("is full again after a quiet restart", async () => {
    const starts = startsOf("four-tokens");
    await queue("four-tokens").add(tasks(4));
    await pass("four-tokens", 0);
    await evict("four-tokens");
    clock.now += 10_000;
    await queue("four-tokens").add(tasks(4));
    await pass("four-tokens", 0);
    expect(starts).toEqual([0, 0, 0, 0, 10, 10, 10, 10]);
  });
});

describe("concurrency", () => {
  it("starts no more than allowed at once, and the next when one ends", async () => {
    const attempts = held("/_ah/queue/two-at-once");
    await queue("two-at-once").add(tasks(3));
    await fire("two-at-once");
    await until(() => attempts.started() === 2);
    expect((await queue("two-at-once").describe()).statistics.inFlight).toBe(2);
    attempts.answer(1, 200);
    const inFlight = async () => (await queue("two-at-once").describe()).statistics.inFlight;
    await until(async () => (await inFlight()) === 1);
    await until(async () => (await alarmOf("two-at-once")) !== null);
    await fire("two-at-once");
    await until(() => attempts.started() === 3);
    attempts.answer(0, 200);
    attempts.answer(2, 200);
    await until(async () => (await queue("two-at-once").describe()).statistics.tasks === 0);
  });

  it("takes adds and answers questions while attempts are in flight", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add({ name: "long" });
    await fire("push");
    await until(() => attempts.started() === 1);
    await queue("push").add({ name: "later", countdown: 3600 });
    expect((await queue("push").get("long")).state).toBe("running");
    expect((await queue("push").get("later")).state).toBe("scheduled");
    attempts.answer(0, 200);
    await until(async () => (await queue("push").get("long")).state === "done");
  });
});

describe("stopping", () => {
  it("rate 0 takes tasks and starts none", async () => {
    const starts = startsOf("stopped");
    await queue("stopped").add({ name: "n1" });
    await pass("stopped", 3600);
    expect(starts).toEqual([]);
    expect(await queue("stopped").get("n1")).toMatchObject({ state: "due" });
    expect(await queue("stopped").describe()).toMatchObject({
      state: "paused",
      statistics: { tasks: 1 },
    });
  });

  it("pause keeps tasks and takes new ones; resume starts them", async () => {
    const starts = startsOf("push");
    await queue("push").pause();
    await queue("push").add({ name: "n1" });
    await pass("push", 3600);
    expect(starts).toEqual([]);
    expect((await queue("push").describe()).state).toBe("paused");
    await queue("push").resume();
    await pass("push", 0);
    expect(starts).toEqual([3600]);
  });

  it("pause outlives a restart, and the bucket does not fill meanwhile", async () => {
    const starts = startsOf("four-tokens");
    await queue("four-tokens").add(tasks(5));
    await pass("four-tokens", 0);
    await queue("four-tokens").pause();
    await evict("four-tokens");
    clock.now += 60_000;
    expect((await queue("four-tokens").describe()).state).toBe("paused");
    await queue("four-tokens").resume();
    await pass("four-tokens", 10);
    expect(starts.slice(4)).toEqual([61]);
  });

  it("lets attempts in flight end, and records their results", async () => {
    const attempts = held("/_ah/queue/push");
    await queue("push").add({ name: "n1" });
    await fire("push");
    await until(() => attempts.started() === 1);
    await queue("push").pause();
    attempts.answer(0, 200);
    await until(async () => (await queue("push").get("n1")).state === "done");
  });
});

describe("back-pressure", () => {
  it("503 lowers the enforced rate, successes bring it back", async () => {
    let status = 503;
    handlers.set("/_ah/queue/push", () => new Response(null, { status }));
    await queue("push").add({ retry: { limit: 1 } });
    await pass("push", 1);
    const { enforcedRate } = (await queue("push").describe()).statistics;
    expect(enforcedRate).toBeLessThan(500);
    status = 200;
    for (let i = 0; i < 20; i++) {
      await queue("push").add({});
      await pass("push", 1);
    }
    expect((await queue("push").describe()).statistics.enforcedRate).toBe(500);
  });

  it("500 and 429 do not", async () => {
    for (const status of [500, 429]) {
      handlers.set("/_ah/queue/push", () => new Response(null, { status }));
      await queue("push").add({ retry: { limit: 0 } });
      await pass("push", 1);
    }
    expect((await queue("push").describe()).statistics.enforcedRate).toBe(500);
  });
});
