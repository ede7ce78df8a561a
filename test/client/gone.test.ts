// Callers that stop waiting for a result or for a group: their wait ends at once, and that of others does not.
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { KeyedWaiters } from "../../src/objects/keyed-waiters.ts";
import { Waiters } from "../../src/objects/waiters.ts";
import { clock } from "../support/clock.ts";
import { freshStart, pass, queue } from "../support/time.ts";
import { work } from "../support/together.ts";
import { get, group, handlers } from "../support/worker.ts";

beforeEach(freshStart);

const own = (exports as unknown as { default: Fetcher }).default;
const ORIGIN = "http://127.0.0.1:8787";

/** One caller that waits until its signal aborts. */
type Wait = (signal: AbortSignal) => Promise<unknown>;

async function nextOf(signal: AbortSignal): Promise<unknown> {
  const watching = group(env, "g1").watch({ signal });
  await watching.next();
  return (await watching.next()).value;
}

async function read(path: string, signal: AbortSignal): Promise<string> {
  const response = await own.fetch(ORIGIN + path, { signal });
  return response.text();
}

/** Waits that last until the task `n1` of the queue "results" has ended, which is the one of the group `g1`. */
const WAITS: [name: string, wait: Wait][] = [
  ["a result", (signal) => queue("results").result("n1", { timeout: 50, signal })],
  [
    "a result for longer than one call",
    (signal) => queue("results").result("n1", { timeout: 500, signal }),
  ],
  ["a group's next progress", nextOf],
  ["the events of a group", (signal) => read("/_ah/api/groups/g1/events", signal)],
  ["a Worker that waits for a result", (signal) => read("/result", signal)],
  ["a Worker that waits for a group", (signal) => read("/watch", signal)],
];

beforeEach(async () => {
  handlers.set("/result", async () =>
    Response.json(await get(env, "results").result("n1", { timeout: 50 })),
  );
  handlers.set("/watch", async () => Response.json(await nextOf(new AbortController().signal)));
  const tasks = [{ queue: "results", name: "n1", countdown: 100 }];
  await queue("results").group({ name: "g1", tasks });
  const isThere = async () => (await queue("results").list()).tasks.length === 1;
  await work(["/groups/g1"], isThere);
});

const moment = () => new Promise((resolve) => setTimeout(resolve, 30));

describe.each(WAITS)("who waits for %s and goes", (_, wait) => {
  it("is told so at once, and others wait on and get theirs", async () => {
    const others = WAITS.slice(0, 1).map(([, other]) => other(new AbortController().signal));
    const controller = new AbortController();
    const gone = wait(controller.signal);
    await moment();
    controller.abort(new Error("the client hung up"));
    await expect(gone).rejects.toThrow(/hung up|abort/i);
    await moment();
    handlers.set("/_ah/queue/results", () => new Response("done"));
    await queue("results").run("n1");
    await pass("results", 0);
    expect(await Promise.all(others)).toEqual(["done"]);
  });

  it("before it has asked asks nothing", async () => {
    await expect(wait(AbortSignal.abort(new Error("hung up")))).rejects.toThrow(/hung up|abort/i);
  });

  it("in the turn the answer comes ends either way", async () => {
    const controller = new AbortController();
    const waiting = wait(controller.signal).then(
      () => "ended",
      () => "ended",
    );
    await moment();
    const running = queue("results").run("n1");
    controller.abort();
    await running;
    expect(await waiting).toBe("ended");
    await pass("results", 0);
    expect(await queue("results").get("n1")).toMatchObject({ state: "done" });
  });
});

it("a signal that does not abort changes nothing", async () => {
  const { signal } = new AbortController();
  handlers.set("/_ah/queue/results", () => Response.json({ moons: 2 }));
  const waiting = queue("results").result("n1", { timeout: 50, signal });
  await moment();
  await queue("results").run("n1");
  await pass("results", 0);
  expect(await waiting).toEqual({ moons: 2 });
});

describe("those who have left", () => {
  const CALLERS = 200;
  const left = () => Array.from({ length: CALLERS }, () => new AbortController());

  it("a line are asked for no more, and have the answer of one whose time is up", async () => {
    const serve = vi.fn((_: string): string | undefined => undefined);
    const waiters = new Waiters<string, string>({
      ...{ now: () => clock.now, serve, timedOut: () => "none" },
      ...{ lineOf: () => undefined, changedLines: (all) => all.keys(), together: (work) => work() },
      nextMoment: () => Number.POSITIVE_INFINITY,
    });
    const controllers = left();
    const gone = controllers.map(({ signal }, i) => waiters.wait(`${i}`, 60, signal));
    const live = waiters.wait("live", 60, new AbortController().signal);
    for (const controller of controllers) controller.abort();
    expect(new Set(await Promise.all(gone))).toEqual(new Set(["none"]));
    serve.mockReturnValueOnce("the task");
    waiters.serve();
    expect(serve.mock.calls).toEqual([["live"]]);
    expect(await live).toBe("the task");
  });

  it("the line of a key leave those who wait for the same, and no key behind", async () => {
    const serve = vi.fn((): string | undefined => undefined);
    const waiters = new KeyedWaiters<string>({
      ...{ now: () => clock.now, serve, timedOut: () => "not yet" },
    });
    const controllers = left();
    const gone = controllers.map(({ signal }, i) => waiters.wait(`n${i % 3}`, 60, signal));
    const live = waiters.wait("n1", 60);
    for (const controller of controllers) controller.abort();
    expect(new Set(await Promise.all(gone))).toEqual(new Set(["not yet"]));
    expect(waiters.keys()).toEqual(["n1"]);
    serve.mockReturnValueOnce("done");
    waiters.changed("n1");
    expect(await live).toBe("done");
    expect(waiters.keys()).toEqual([]);
  });
});
