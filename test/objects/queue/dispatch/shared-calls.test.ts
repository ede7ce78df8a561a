// Attempts that share an invocation of the runner: nothing a handler can see is other than alone.
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromYaml } from "../../../../src/core/config/yaml-files.ts";
import type { TaskRunnerRpc } from "../../../../src/objects/rpc.ts";
import { createTaskQueues } from "../../../../src/slim.ts";
import { clock } from "../../../support/clock.ts";
import { crash, fire, freshStart, objectOf, pass, queue, until } from "../../../support/time.ts";
import { deployed, handlers, held } from "../../../support/worker.ts";

beforeEach(freshStart);
afterEach(() => {
  deployed.attemptsPerCall = undefined;
});

const PATH = "/_ah/queue/push";

/** The calls to the runner from now on: how many attempts each has. `broken` are those that reach nobody. */
async function callsOf(name: string, broken: () => boolean = () => false): Promise<number[]> {
  const calls: number[] = [];
  await runInDurableObject(objectOf(name), (instance) => {
    const own = instance as unknown as { runner(): TaskRunnerRpc };
    const before = own.runner();
    const runner: TaskRunnerRpc = {
      run: (...delivery) => {
        calls.push(1);
        return before.run(...delivery);
      },
      runTogether: async (deliveries) => {
        calls.push(deliveries.length);
        if (broken()) throw new Error("Worker exceeded CPU time limit.");
        return before.runTogether(deliveries);
      },
      runBatch: (delivery) => before.runBatch(delivery),
    };
    own.runner = () => runner;
  });
  return calls;
}

/** Adds `n` tasks and lets all that are due start in one turn. */
async function turnOf(n: number, prefix: string, name = "push"): Promise<string[]> {
  const names = Array.from({ length: n }, (_, i) => `${prefix}${i}`);
  await queue(name).add(names.map((task) => ({ name: task, payload: task })));
  await fire(name);
  return names;
}

/** Lets short attempts run, until sixteen share a call. */
async function warmUp(name = "push"): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await turnOf(1 + 8 * i, `warm-${i}-`, name);
    await until(async () => (await queue(name).describe()).statistics.tasks === 0);
  }
}

const left = async () => (await queue("push").describe()).statistics.tasks;

describe("how many share a call", () => {
  it("is one at first, and twice as many after short ones, up to sixteen", async () => {
    const calls = await callsOf("push");
    for (let i = 0; i < 5; i++) {
      calls.push(Number.NaN);
      await turnOf(17, `t${i}-`);
      await until(async () => (await left()) === 0);
    }
    const turns = calls
      .join()
      .split("NaN")
      .slice(1)
      .map((turn) => turn.split(",").filter(Boolean));
    expect(turns.map((turn) => Math.max(...turn.map(Number)))).toEqual([1, 2, 16, 16, 16]);
    expect(turns.at(-1)).toEqual(["16", "1"]);
  });

  it("is always one where attemptsPerCall is 1", async () => {
    deployed.attemptsPerCall = 1;
    await crash();
    await warmUp();
    const calls = await callsOf("push");
    await turnOf(20, "own-");
    await until(async () => (await left()) === 0);
    expect(calls).toEqual(new Array(20).fill(1));
  });

  it("is four at most while they wait for something", async () => {
    await warmUp();
    handlers.set(PATH, async () => {
      await scheduler.wait(2);
      return new Response();
    });
    const calls = await callsOf("push");
    for (const prefix of ["first-", "second-"]) {
      await turnOf(16, prefix);
      await until(async () => (await left()) === 0);
    }
    expect(calls).toEqual([16, 4, 4, 4, 4]);
  });

  it("is less for large bodies", async () => {
    await warmUp();
    const calls = await callsOf("push");
    const large = "x".repeat(1_000_000);
    await queue("push").add(
      Array.from({ length: 8 }, (_, i) => ({
        dialect: "cloudtasks" as const,
        payload: i < 7 ? large : "small",
      })),
    );
    await fire("push");
    await until(async () => (await left()) === 0);
    expect(calls).toEqual([4, 4]);
  });

  it("is one again after an attempt that took long", async () => {
    await warmUp();
    const { answer, started } = held(PATH);
    const calls = await callsOf("push");
    await turnOf(8, "long-");
    await until(() => started() === 8);
    clock.now += 60;
    for (let i = 0; i < 8; i++) answer(`long-${i}`, 200);
    await until(async () => (await left()) === 0);
    handlers.delete(PATH);
    await turnOf(3, "next-");
    await until(async () => (await left()) === 0);
    expect(calls).toEqual([8, 1, 1, 1]);
  });
});

describe("an attempt that shares a call", () => {
  it("has a request of its own", async () => {
    await warmUp();
    const seen: string[][] = [];
    handlers.set(PATH, async (request) => {
      const name = request.headers.get("X-AppEngine-TaskName") ?? "";
      seen.push([name, await request.text(), request.url]);
      return new Response();
    });
    const calls = await callsOf("push");
    const names = await turnOf(8, "own-");
    await until(async () => (await left()) === 0);
    expect(calls).toEqual([8]);
    expect(seen.sort()).toEqual(
      names.map((name) => [name, name, `http://taskqueue.internal${PATH}`]),
    );
  });

  it("has an outcome of its own", async () => {
    await warmUp("slow-retry");
    handlers.set("/_ah/queue/slow-retry", (request) => {
      const place = Number(request.headers.get("X-AppEngine-TaskName")?.slice("mixed-".length));
      if (place === 7) throw new Error("out of cheese");
      return new Response(place === 6 ? "no" : null, {
        status: [200, 204, 500, 503, 404, 299, 418][place] ?? 200,
      });
    });
    const calls = await callsOf("slow-retry");
    await turnOf(8, "mixed-", "slow-retry");
    await until(async () => (await queue("slow-retry").describe()).statistics.tasks === 5);
    expect(calls).toEqual([8]);
    const { tasks } = await queue("slow-retry").list();
    const ends = tasks.map(({ name, lastAttempt }) => [
      name,
      lastAttempt?.status,
      lastAttempt?.error,
    ]);
    expect(ends.sort()).toEqual([
      ["mixed-2", 500, undefined],
      ["mixed-3", 503, undefined],
      ["mixed-4", 404, undefined],
      ["mixed-6", 418, "no"],
      ["mixed-7", 500, "Error: out of cheese"],
    ]);
  });

  it("is settled though its neighbour goes on", async () => {
    await warmUp();
    const { answer, started } = held(PATH);
    const calls = await callsOf("push");
    await turnOf(8, "n");
    await until(() => started() === 8);
    for (const i of [5, 2, 7, 0]) {
      const before = await left();
      answer(`n${i}`, 200);
      await until(async () => (await left()) === before - 1);
    }
    answer("n1", 200);
    answer("n3", 200);
    await until(async () => (await left()) === 2);
    answer("n4", 200);
    answer("n6", 200);
    await until(async () => (await left()) === 0);
    expect(calls).toEqual([8]);
  });

  it("is cancelled alone when its deadline has passed", async () => {
    await warmUp();
    const aborted: string[] = [];
    let started = 0;
    handlers.set(PATH, async ({ headers, signal }) => {
      const name = headers.get("X-AppEngine-TaskName") ?? "";
      if (name === "tick" || headers.get("X-AppEngine-TaskRetryCount") !== "0")
        return new Response();
      started++;
      signal.addEventListener("abort", () => void aborted.push(name));
      await scheduler.wait(60_000, { signal });
      return new Response();
    });
    const calls = await callsOf("push");
    const deadlines = [15, 600, 600];
    await queue("push").add(
      deadlines.map((dispatchDeadline, i) => ({ name: `d${i}`, dispatchDeadline })),
    );
    await fire("push");
    await until(() => started === 3);
    clock.now += 15_000;
    await queue("push").add({ name: "tick" });
    await fire("push");
    await until(() => aborted.length > 0);
    expect(calls[0]).toBe(3);
    expect(aborted).toEqual(["d0"]);
    expect((await queue("push").get("d0")).lastAttempt?.error).toMatch(/deadline of 15 s/);
    expect((await queue("push").get("d1")).state).toBe("running");
    expect((await queue("push").get("d2")).state).toBe("running");
  });

  it("runs again when the object is evicted in the middle", async () => {
    await warmUp();
    const { started } = held(PATH);
    await turnOf(3, "e");
    await until(() => started() === 3);
    await crash();
    handlers.delete(PATH);
    await queue("push").describe();
    await pass("push", 60);
    await until(async () => (await left()) === 0);
  });
});

describe("a call that breaks", () => {
  it("counts for none of its attempts, and each runs by itself", async () => {
    await warmUp();
    let isBroken = true;
    const calls = await callsOf("push", () => isBroken);
    await turnOf(8, "b");
    // Before they start, none is in flight either.
    await until(() => calls.length > 0);
    await until(async () => (await queue("push").describe()).statistics.inFlight === 0);
    isBroken = false;
    expect(calls).toEqual([8]);
    expect((await queue("push").get("b0")).retryCount).toBe(0);
    await pass("push", 2);
    expect(calls).toEqual([8, ...new Array(8).fill(1)]);
    await until(async () => (await left()) === 0);
    await turnOf(4, "alone-");
    await until(async () => (await left()) === 0);
    expect(calls.slice(9)).toEqual([1, 1, 1, 1]);
  });

  it.each(["Too many subrequests.", "Subrequest depth limit exceeded."])(
    "as a handler may see, by %j, does neither",
    async (message) => {
      await warmUp("slow-retry");
      let isFirst = true;
      handlers.set("/_ah/queue/slow-retry", () => {
        if (isFirst) {
          isFirst = false;
          throw new Error(message);
        }
        return new Response();
      });
      await turnOf(4, "s", "slow-retry");
      await until(async () => (await queue("slow-retry").describe()).statistics.tasks === 1);
      const { tasks } = await queue("slow-retry").list();
      expect(tasks[0]).toMatchObject({ retryCount: 0, executionCount: 0 });
      await pass("slow-retry", 2);
      await until(async () => (await queue("slow-retry").describe()).statistics.tasks === 0);
    },
  );
});

describe("attemptsPerCall", () => {
  const config = fromYaml("queue: []");
  it.each([0, -1, 1.5, 101, "8", null, Number.NaN, Number.POSITIVE_INFINITY, [], {}])(
    "is refused as %j",
    (attemptsPerCall) => {
      const made = () => createTaskQueues({ config, attemptsPerCall } as never);
      expect(made).toThrow(/^attemptsPerCall: found .*, expected a whole number from 1 to 100$/);
    },
  );

  it.each([undefined, 1, 8, 100])("may be %j", (attemptsPerCall) => {
    expect(() => createTaskQueues({ config, attemptsPerCall })).not.toThrow();
  });
});
