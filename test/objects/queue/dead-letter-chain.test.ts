// Dead-letter queues that lead to one another: which may be defined, and that a failed task is never on two.
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import { clock } from "../../support/clock.ts";
import { inject } from "../../support/faults.ts";
import { call } from "../../support/http.ts";
import { crash, freshStart, pass, queue, until } from "../../support/time.ts";
import { deployed, handlers, queueFile, received } from "../../support/worker.ts";

beforeEach(freshStart);

function put(name: string, entry: object) {
  queue(name);
  return call("PUT", `/queues/${name}`, entry);
}

const to = (failed_queue: unknown) => ({ rate: "5/s", extensions: { failed_queue } });

describe("PUT of a queue", () => {
  const EXPECTED = "expected another push queue: ";
  it.each<[string, [name: string, entry: object][], RegExp]>([
    ["itself", [["a", to("a")]], /in a circle: a -> a$/],
    ["no queue", [["a", to("nowhere")]], RegExp(`${EXPECTED}"nowhere" is no queue`)],
    [
      "a pull queue made so",
      [
        ["b", { mode: "pull" }],
        ["a", to("b")],
      ],
      RegExp(`${EXPECTED}"b" is a pull queue`),
    ],
    [
      "a pull queue of the file",
      [["a", to("inbox-by-tag")]],
      /found "inbox-by-tag", expected another push queue/,
    ],
    [
      "two in a circle",
      [
        ["b", to("push")],
        ["a", to("b")],
        ["b", to("a")],
      ],
      /circle: b -> a -> b$/,
    ],
    [
      "three in a circle",
      [
        ["c", to("push")],
        ["b", to("c")],
        ["a", to("b")],
        ["c", to("a")],
      ],
      /circle: c -> a -> b -> c$/,
    ],
    [
      "itself, once it was another",
      [
        ["a", to("push")],
        ["a", to("a")],
      ],
      /circle: a -> a$/,
    ],
    [
      "a removed queue",
      [
        ["b", { rate: "1/s" }],
        ["b", { remove: true }],
        ["a", to("b")],
      ],
      /"b" is no queue/,
    ],
    [
      "a queue that became pull",
      [
        ["b", { rate: "1/s" }],
        ["b", { mode: "pull" }],
        ["a", to("b")],
      ],
      /"b" is a pull queue/,
    ],
    [
      "a circle closed by a pull queue",
      [
        ["a", { rate: "1/s" }],
        ["p", { mode: "pull", extensions: { failed_queue: "a" } }],
        ["a", to("p")],
      ],
      /found "p", expected another push queue/,
    ],
    ["a number", [["a", to(5)]], /failed_queue: found 5, expected the name of a push queue/],
    [
      "a mapping",
      [["a", to({ toString: 1 })]],
      /failed_queue: found a mapping, expected the name of a push queue/,
    ],
    [
      "a name in a namespace",
      [["a", to("x/y")]],
      /failed_queue: found "x\/y", expected the name of a push queue/,
    ],
  ])("refuses as failed_queue %s", async (_, steps, said) => {
    const last = steps.pop() as [string, object];
    for (const [name, entry] of steps) {
      const isRemoval = "remove" in entry;
      const [status] = isRemoval ? await call("DELETE", `/queues/${name}`) : await put(name, entry);
      expect(status).toBe(200);
    }
    const [status, { error }] = await put(...last);
    expect(status).toBe(400);
    expect(error).toMatchObject({ code: "INVALID_REQUEST", message: expect.stringMatching(said) });
  });

  it("takes a chain, of at most ten queues", async () => {
    for (let i = 9; i >= 0; i--) {
      expect(await put(`c${i}`, to(i === 9 ? "push" : `c${i + 1}`))).toMatchObject([200, {}]);
    }
    const [status, { error }] = await put("one-more", to("c0"));
    expect(status).toBe(400);
    expect(error).toMatchObject({
      message: expect.stringContaining("at most 10 queues that lead to one another"),
    });
  });
});

/** Queues as no file could have them: as two definitions at the same moment would leave them. */
async function deploy(queues: Record<string, Partial<QueueConfig>>): Promise<void> {
  for (const name of Object.keys(queues)) await put(name, { rate: "5/s" });
  const base = queueFile.queues.get("dead-letters") as QueueConfig;
  const more = Object.entries(queues).map(([name, own]): [string, QueueConfig] => [
    name,
    { ...base, ...own, name },
  ]);
  deployed.queues = { ...queueFile, queues: new Map([...queueFile.queues, ...more]) };
  await crash();
}

const one = (failedQueue: string) => ({
  failedQueue,
  retry: { limit: 0, minBackoff: 1, maxBackoff: 1, maxDoublings: 0 },
});
const failing = (...names: string[]) => {
  for (const name of names)
    handlers.set(`/_ah/queue/${name}`, () => new Response("no", { status: 500 }));
};
const at = (name: string) => received.filter(({ url }) => url.pathname === `/_ah/queue/${name}`);
const failedOn = async (name: string) => (await queue(name).describe()).statistics.failed;

async function passAll(names: readonly string[], rounds: number): Promise<void> {
  for (let i = 0; i < rounds; i++) for (const name of names) await pass(name, 15);
}

describe("a circle that came to be all the same", () => {
  it.each([
    ["itself", ["x"]],
    ["two", ["x", "y"]],
    ["three", ["x", "y", "z"]],
  ])("is gone round once: %s", async (_, names) => {
    await deploy(
      Object.fromEntries(
        names.map((name, i) => [name, one(names[(i + 1) % names.length] as string)]),
      ),
    );
    failing(...names);
    await queue("x").add({ name: "n1" });
    await passAll(names, 4);
    expect(names.map((name) => at(name).length)).toEqual(names.map(() => 1));
    expect(await Promise.all(names.map(failedOn))).toEqual(
      names.map((_, i) => Number(i === names.length - 1)),
    );
    const headers = Object.fromEntries(at(names.at(-1) as string)[0]?.headers ?? []);
    if (names.length === 3) {
      expect(headers).toMatchObject({
        "x-taskqueue-failed-queue": "y",
        "x-taskqueue-failed-path": "x, y",
      });
    }
  });

  it("stays ended when the last queue's task is put back", async () => {
    await deploy({ x: one("y"), y: one("x") });
    failing("x", "y");
    await queue("x").add({ name: "n1" });
    await passAll(["x", "y"], 3);
    expect(await call("POST", "/queues/y/tasks:redrive", { all: true })).toEqual([
      200,
      { redriven: 1 },
    ]);
    await passAll(["x", "y"], 3);
    expect([at("x").length, at("y").length]).toEqual([1, 2]);
    expect([await failedOn("x"), await failedOn("y")]).toEqual([0, 1]);
  });
});

describe("one failed task is in one place", () => {
  const places = async () => {
    const [here, there] = await Promise.all(
      ["x", "y"].map((name) =>
        queue(name)
          .describe()
          .catch(() => undefined),
      ),
    );
    return (
      (here?.statistics.failed ?? 0) +
      (here?.statistics.tasks ?? 0) +
      (there?.statistics.failed ?? 0) +
      (there?.statistics.tasks ?? 0)
    );
  };

  it.each<[string, () => Promise<unknown>]>([
    ["is removed", () => call("DELETE", "/queues/y")],
    ["is paused", () => queue("y").pause()],
    ["became a pull queue", () => put("y", { mode: "pull" })],
    ["has rate 0", () => put("y", { rate: "0/s" })],
  ])("when its dead-letter queue %s", async (_, change) => {
    await put("y", { rate: "1/s" });
    expect((await put("x", { ...to("y"), retry_parameters: { task_retry_limit: 0 } }))[0]).toBe(
      200,
    );
    await change();
    failing("x", "y");
    await queue("x").add({ name: "n1" });
    await passAll(["x"], 3);
    await crash();
    await passAll(["x"], 2);
    expect(at("x")).toHaveLength(1);
    expect(await places()).toBe(1);
  });

  it("when either object is killed at any step", async () => {
    let hits = 0;
    for (const victim of ["x", "y"]) {
      for (let step = 1; step <= 40; step++) {
        await freshStart();
        await put("y", { rate: "0/s" });
        await put("x", { ...to("y"), retry_parameters: { task_retry_limit: 0 } });
        failing("x");
        await queue("x").add({ name: "n1" });
        const fault = await inject(victim, { at: step, kind: "kill" });
        await pass("x", 1).catch(() => {});
        await crash();
        await pass("x", 300);
        if (!fault.hit()) break;
        hits++;
        expect(await failedOn("x"), `${victim} ${step}`).toBe(0);
        expect((await queue("y").describe()).statistics.tasks, `${victim} ${step}`).toBe(1);
      }
    }
    expect(hits).toBeGreaterThan(5);
  });

  it("when it is redriven on its way", async () => {
    await put("y", { rate: "0/s" });
    await put("x", { ...to("y"), retry_parameters: { task_retry_limit: 0 } });
    failing("x");
    // The other object is busy, so the letter is on its way for a while.
    const fault = await inject("y", { at: 1, kind: "throw" });
    await queue("x").add({ name: "n1" });
    await pass("x", 1);
    await until(() => fault.hit());
    expect(await failedOn("x")).toBe(1);
    expect(await queue("x").redrive(["n1"])).toEqual([{ name: "n1", redriven: false }]);
    expect(await call("POST", "/queues/x/tasks:redrive", { all: true })).toEqual([
      200,
      { redriven: 0 },
    ]);
    expect(await queue("x").run("n1")).toMatchObject({ state: "failed" });
    clock.now += 11_000;
    await pass("x", 30);
    expect(await failedOn("x")).toBe(0);
    expect(await places()).toBe(1);
    // Handed on, it is put back where it is now.
    expect(await queue("x").redrive(["n1"])).toEqual([{ name: "n1", redriven: false }]);
  });
});
