// Fair turns between keys, their limits, and priorities, at the front door.
import { beforeEach, describe, expect, it } from "vitest";
import type { NewTask } from "../../../../src/core/task/task.ts";
import { clock, START } from "../../../support/clock.ts";
import { deployQueues } from "../../../support/deploy.ts";
import {
  alarmOf,
  crash,
  elapsed,
  fire,
  freshStart,
  pass,
  queue,
  until,
} from "../../../support/time.ts";
import { work } from "../../../support/together.ts";
import { handlers, held, received } from "../../../support/worker.ts";

beforeEach(freshStart);

const Q = "push";

/** The queue, one task a second unless it says otherwise. */
const deploy = (keys = "", more = "rate: 1/s\n    bucket_size: 1") =>
  deployQueues(`  - name: push\n    ${more}\n${keys && `    extensions:\n      keys: ${keys}`}`);

const unlimited = "rate: 500/s\n    bucket_size: 500";

/** Tasks `prefix0`, `prefix1`, ... */
function tasks(prefix: string, n: number, more: NewTask = {}): NewTask[] {
  return Array.from({ length: n }, (_, i) => ({ name: `${prefix}${i}`, ...more }));
}

const add = (...given: NewTask[]) => queue(Q).add(given);

/** What has run, in order. */
const ran = () => received.map(({ headers }) => headers.get("X-AppEngine-TaskName"));

describe("turns", () => {
  it("are fair between keys, whoever came first and with however many", async () => {
    await deploy();
    await add(...tasks("a", 6, { key: "a" }), ...tasks("b", 2, { key: "b" }));
    await add(...tasks("c", 1, { key: "c" }));
    await pass(Q, 20);
    expect(ran().join(" ")).toBe("a0 b0 c0 a1 b1 a2 a3 a4 a5");
  });

  it("of tasks without a key are one line's", async () => {
    await deploy();
    await add(...tasks("p", 3), ...tasks("a", 3, { key: "a" }), ...tasks("q", 1));
    await pass(Q, 20);
    expect(ran().join(" ")).toBe("p0 a0 p1 a1 p2 a2 q0");
  });

  it("go by weight", async () => {
    await deploy(`{ weight: 2, per_key: { "free-*": { weight: 0.5 } } }`);
    await add(...tasks("f", 2, { key: "free-1" }), ...tasks("a", 8, { key: "a" }));
    await pass(Q, 20);
    expect(ran().join(" ")).toBe("a0 a1 f0 a2 a3 a4 a5 f1 a6 a7");
  });

  it("include a key that came while another had many", async () => {
    await deploy();
    await add(...tasks("a", 40, { key: "a" }));
    await pass(Q, 3);
    await add(...tasks("b", 2, { key: "b" }));
    await pass(Q, 4);
    expect(ran().slice(0, 8).join(" ")).toMatch(/^a0 a1 a2 a3( a4)? b0 a\d b1/);
  });

  it("go on after the object has ended", async () => {
    await deploy();
    await add(...tasks("a", 4, { key: "a" }), ...tasks("b", 4, { key: "b" }));
    await pass(Q, 2);
    await crash();
    await pass(Q, 20);
    expect([...ran()].sort().join(" ")).toBe("a0 a1 a2 a3 b0 b1 b2 b3");
  });

  it("wait for the time of a task", async () => {
    await deploy();
    await add(...tasks("a", 2, { key: "a", countdown: 10 }), ...tasks("p", 1, { countdown: 5 }));
    await pass(Q, 9);
    expect(ran()).toEqual(["p0"]);
    await pass(Q, 9);
    expect(ran()).toEqual(["p0", "a0", "a1"]);
  });
});

it("tasks with keys wait for others of their batch, and are not looked at meanwhile", async () => {
  await deployQueues(`  - name: push
    rate: 500/s
    bucket_size: 500
    extensions: { batch: { size: 10, wait: 5 } }`);
  await add({ key: "a" }, { key: "b" }, {}, { priority: 0 });
  await pass(Q, 0);
  expect(received).toEqual([]);
  expect(await alarmOf(Q)).toBe(START + 5000);
  await pass(Q, 5);
  expect(received.map(({ headers }) => headers.get("X-TaskQueue-Batch"))).toEqual(["4"]);
});

describe("a key's slots", () => {
  it("hold it back alone", async () => {
    await deploy("{ max_concurrent_requests: 2 }", unlimited);
    const attempts = held("/_ah/queue/push");
    await add(...tasks("a", 5, { key: "a" }), ...tasks("b", 1, { key: "b" }));
    await fire(Q);
    await until(() => attempts.started() === 3);
    expect([...ran()].sort().join(" ")).toBe("a0 a1 b0");
    // Time alone changes nothing: nobody is woken for the others.
    await expect(fire(Q)).rejects.toThrow("no alarm");
    attempts.answer("a1", 200);
    // With the alarm's handler open it starts at once, or by an alarm.
    await work([Q], () => attempts.started() === 4);
    expect(ran().at(-1)).toBe("a2");
    for (const { name } of [...tasks("a", 5), ...tasks("b", 1)])
      attempts.answer(name as string, 200);
    await pass(Q, 5);
    expect(ran()).toHaveLength(6);
  });

  it("hold for a task that is run by hand, its rate does not", async () => {
    await deploy("{ rate: 1/m, bucket_size: 1, max_concurrent_requests: 2 }", unlimited);
    const attempts = held("/_ah/queue/push");
    await add(...tasks("a", 5, { key: "a" }));
    await fire(Q);
    await until(() => attempts.started() === 1);
    await queue(Q).run("a3");
    await queue(Q).run("a4");
    await fire(Q);
    await until(() => attempts.started() === 2);
    expect(ran()).toEqual(["a0", "a3"]);
    attempts.answer("a0", 200);
    await work([Q], () => attempts.started() === 3, 30);
    expect(ran()).toEqual(["a0", "a3", "a4"]);
    for (const name of ["a1", "a2", "a3", "a4"]) attempts.answer(name, 200);
    await pass(Q, 300);
    expect(ran()).toHaveLength(5);
  });
});

describe("a key that runs one at a time", () => {
  const inOrder = "{ max_concurrent_requests: 1 }";

  it.each([false, true])("keeps its order through retries (ended between: %s)", async (isEnded) => {
    await deploy(inOrder, `${unlimited}\n    retry_parameters: { min_backoff_seconds: 10 }`);
    let failures = 3;
    handlers.set("/_ah/queue/push", ({ headers }) => {
      const isFirst = headers.get("X-AppEngine-TaskName") === "a0";
      return new Response(null, { status: isFirst && failures-- > 0 ? 500 : 200 });
    });
    await add(...tasks("a", 3, { key: "a" }), ...tasks("b", 2, { key: "b" }));
    for (let i = 0; i < 20; i++) {
      await pass(Q, 5);
      if (isEnded) await crash();
    }
    expect(ran().filter((name) => name?.startsWith("a"))).toEqual("a0 a0 a0 a0 a1 a2".split(" "));
    expect(elapsed()).toBeGreaterThan(30);
  });

  it("has one slot back, not two, of an attempt that answers after its deadline", async () => {
    await deploy(inOrder, unlimited);
    const [late, again] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    handlers.set("/_ah/queue/push", async ({ headers }) => {
      const name = headers.get("X-AppEngine-TaskName");
      if (name === "a0") await (received.length === 1 ? late : again).promise;
      return new Response();
    });
    const turn = async (name: string) => {
      await add({ name });
      await fire(Q);
      await until(() => ran().includes(name));
    };
    await add({ name: "a0", key: "a", dispatchDeadline: 15 }, { name: "a1", key: "a" });
    await fire(Q);
    await until(() => received.length === 1);
    clock.now += 15_000;
    await turn("tick");
    clock.now += 1000;
    await fire(Q);
    await until(() => ran().filter((name) => name === "a0").length === 2);
    late.resolve();
    for (let i = 0; i < 20; i++) await queue(Q).describe();
    await turn("tock");
    expect(ran()).not.toContain("a1");
    again.resolve();
    await pass(Q, 5);
    await until(() => ran().at(-1) === "a1");
  });

  it.each(["delete", "purge"] as const)(
    "goes on when the one it waits for is gone: %s",
    async (how) => {
      await deploy(inOrder, `${unlimited}\n    retry_parameters: { min_backoff_seconds: 3000 }`);
      handlers.set("/_ah/queue/push", ({ headers }) => {
        const isFirst = headers.get("X-AppEngine-TaskName") === "a0";
        return new Response(null, { status: isFirst ? 500 : 200 });
      });
      await add(...tasks("a", 3, { key: "a" }));
      await pass(Q, 5);
      expect(ran()).toEqual(["a0"]);
      if (how === "delete") await queue(Q).delete(["a0"]);
      else {
        await queue(Q).purge();
        await add(...tasks("b", 1, { key: "a" }));
      }
      await pass(Q, 5);
      expect(ran()).toEqual(how === "delete" ? ["a0", "a1", "a2"] : ["a0", "b0"]);
    },
  );

  it("goes on after the one it waits for was run by hand", async () => {
    await deploy(inOrder, `${unlimited}\n    retry_parameters: { min_backoff_seconds: 3000 }`);
    let isFirst = true;
    handlers.set("/_ah/queue/push", () => {
      const status = isFirst ? 500 : 200;
      isFirst = false;
      return new Response(null, { status });
    });
    await add(...tasks("a", 3, { key: "a" }));
    await pass(Q, 5);
    await queue(Q).run("a0");
    await pass(Q, 5);
    expect(ran()).toEqual(["a0", "a0", "a1", "a2"]);
  });
});

describe("a key's rate", () => {
  it.each([
    ["1/m", 1, 0],
    ["1/m", 3, 0],
    ["1/m", 2, 4],
    ["10/s", 5, 0],
    ["10/s", 5, 3],
  ])(
    "%s with a bucket of %i holds for each key, evicted every %i alarms",
    async (rate, size, every) => {
      await deploy(`{ rate: ${rate}, bucket_size: ${size} }`, unlimited);
      const starts: Record<string, number[]> = { a: [], b: [] };
      handlers.set("/_ah/queue/push", ({ headers }) => {
        const name = headers.get("X-AppEngine-TaskName") as string;
        starts[name[0] as string]?.push(clock.now);
        return new Response();
      });
      const n = 40;
      await add(...tasks("a", n, { key: "a" }), ...tasks("b", n, { key: "b" }));
      let alarms = 0;
      for (let at = await alarmOf(Q); at !== null; at = await alarmOf(Q)) {
        clock.now = Math.max(clock.now, at);
        await pass(Q, 0);
        if (every > 0 && ++alarms % every === 0) await crash();
      }
      const perMs = rate === "1/m" ? 1 / 60_000 : 10 / 1000;
      for (const of of Object.values(starts)) {
        expect(of).toHaveLength(n);
        const over = of.filter((to, j) =>
          of.some((from, i) => i <= j && j - i + 1 > size + (to - from) * perMs + 1e-6),
        );
        expect(over).toEqual([]);
      }
      const took = (clock.now - (starts.a?.[0] ?? 0)) * perMs;
      if (every === 0) expect(took).toBeLessThan(n + 5);
    },
  );

  it("a 503 slows its key alone, and so does a 429", async () => {
    await deploy("{ rate: 10/s, bucket_size: 1 }", unlimited);
    let status = 429;
    handlers.set("/_ah/queue/push", ({ headers }) => {
      const isA = headers.get("X-AppEngine-TaskName")?.startsWith("a");
      return new Response(null, { status: isA ? status : 200 });
    });
    await add(...tasks("a", 100, { key: "a" }), ...tasks("b", 100, { key: "b" }));
    await pass(Q, 3);
    status = 503;
    await pass(Q, 4);
    const count = (prefix: string) => ran().filter((name) => name?.startsWith(prefix)).length;
    expect(count("b")).toBeGreaterThanOrEqual(69);
    expect(count("a")).toBeLessThan(35);
  });

  it("of a key without a rate a Retry-After holds the others back", async () => {
    await deploy("{}", unlimited);
    handlers.set("/_ah/queue/push", ({ headers }) => {
      const isFirst = headers.get("X-AppEngine-TaskName") === "a0";
      if (!isFirst || elapsed() > 30) return new Response();
      return new Response(null, { status: 503, headers: { "Retry-After": "60" } });
    });
    await add(...tasks("a", 1, { key: "a" }));
    await pass(Q, 1);
    await add(...tasks("c", 2, { key: "a" }), ...tasks("b", 2, { key: "b" }));
    await pass(Q, 50);
    expect(ran()).toEqual(["a0", "b0", "b1"]);
    await pass(Q, 20);
    expect([...ran()].sort()).toEqual(["a0", "a0", "b0", "b1", "c0", "c1"]);
  });
});

describe("priorities", () => {
  it("start the most urgent first, and those of one priority in their order", async () => {
    await deploy();
    const order = [4, 9, 0, 4, 1, 0, 9];
    await add(...order.map((priority, i) => ({ name: `p${priority}-${i}`, priority })));
    await pass(Q, 20);
    expect(ran().join(" ")).toBe("p0-2 p0-5 p1-4 p4-0 p4-3 p9-1 p9-6");
  });

  it("hold within a key, not between keys", async () => {
    await deploy();
    await add(...tasks("a", 2, { key: "a" }), ...tasks("u", 1, { key: "a", priority: 0 }));
    await add(...tasks("b", 2, { key: "b", priority: 9 }));
    await pass(Q, 20);
    expect(ran().join(" ")).toBe("u0 b0 a0 b1 a1");
  });

  it("are worth a minute a step, so that none starves", async () => {
    await deploy();
    await queue(Q).pause();
    await add({ name: "late", priority: 9 });
    await pass(Q, 5 * 60 + 1);
    await add({ name: "plain" }, { name: "urgent", priority: 1 });
    await queue(Q).resume();
    await pass(Q, 20);
    expect(ran().join(" ")).toBe("urgent late plain");
  });

  it("hold again after a retry and after the object has ended", async () => {
    await deploy("", `${unlimited}\n    max_concurrent_requests: 1`);
    await queue(Q).pause();
    await add(...tasks("p", 2), ...tasks("u", 2, { priority: 0 }));
    await crash();
    await queue(Q).resume();
    await pass(Q, 20);
    expect(ran().join(" ")).toBe("u0 u1 p0 p1");
  });
});
