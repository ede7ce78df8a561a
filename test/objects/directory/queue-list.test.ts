// The list of all queues: whatever changes one shows in it, and queues at rest are not asked.
import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { QueueView } from "../../../src/index.ts";
import { clock } from "../../support/clock.ts";
import { call } from "../../support/http.ts";
import {
  crash,
  DIRECTORY,
  evict,
  freshStart,
  objectOf,
  pass,
  queue,
  takeOutOfFile,
  until,
} from "../../support/time.ts";
import { deployed, handlers, queueFile } from "../../support/worker.ts";

const NAMES = ["default", "four-tokens", "one-retry", "pull", "push", "stopped"] as const;
const few = {
  ...queueFile,
  queues: new Map([...queueFile.queues].filter(([name]) => NAMES.some((one) => one === name))),
};

beforeEach(async () => {
  await freshStart();
  deployed.queues = few;
  await crash();
});

type Page = { queues: QueueView[]; cursor?: string };

async function page(query = ""): Promise<Page> {
  const [status, body] = await call("GET", `/queues${query}`);
  expect(status).toBe(200);
  return body as Page;
}

async function listed(name: string): Promise<QueueView | undefined> {
  return (await page()).queues.find((view) => view.name === name);
}

/** What the list says of the queue is what it says itself. */
async function expectListed(name: string): Promise<void> {
  expect(await listed(name)).toEqual(await queue(name).describe());
}

type Method = (this: { ctx: DurableObjectState }, ...args: unknown[]) => Promise<unknown>;
let undo: (() => void)[] = [];

afterEach(() => {
  for (const restore of undo) restore();
  undo = [];
});

/** Replaces a method of the object `name`; RPC finds methods on the class alone. */
async function replace(
  name: string,
  method: string,
  by: (original: () => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const { name: own } = objectOf(name).id ?? {};
  await runInDurableObject(objectOf(name), (instance) => {
    const methods = Object.getPrototypeOf(instance) as Record<string, Method>;
    const original = methods[method] as Method;
    methods[method] = function (...args) {
      const call = () => original.apply(this, args);
      return this.ctx.id.name === own ? by(call) : call();
    };
    undo.push(() => delete methods[method]);
  });
}

/** How often the queue is asked for a report from now on. */
async function asked(name: string): Promise<() => number> {
  let count = 0;
  await replace(name, "pulse", (original) => {
    count++;
    return original();
  });
  return () => count;
}

const lease = async () => {
  const [task] = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
  return { name: task?.name ?? "", lease: task?.lease ?? "" };
};

/** Things that happen to a queue; before each the list was read. */
const HAPPENINGS: [string, string, () => Promise<unknown>][] = [
  ["a task is added", "stopped", () => queue("stopped").add({})],
  ["a batch is added", "pull", () => queue("pull").add([{ payload: "" }, { payload: "" }])],
  ["a task is added for later", "push", () => queue("push").add({ countdown: 60 })],
  [
    "a task is done",
    "push",
    () =>
      queue("push")
        .add({})
        .then(() => pass("push", 0)),
  ],
  [
    "a task failed",
    "one-retry",
    async () => {
      handlers.set("/_ah/queue/one-retry", () => new Response(null, { status: 500 }));
      await queue("one-retry").add({ retry: { limit: 0 } });
      await pass("one-retry", 0);
    },
  ],
  ["it is paused", "push", () => queue("push").pause()],
  [
    "it is resumed",
    "push",
    async () => {
      await queue("push").pause();
      await page();
      await queue("push").resume();
    },
  ],
  [
    "it is purged",
    "stopped",
    async () => {
      await queue("stopped").add([{}, {}]);
      await page();
      await queue("stopped").purge();
    },
  ],
  [
    "a task is deleted",
    "stopped",
    async () => {
      await queue("stopped").add([{ name: "a" }, {}]);
      await page();
      await queue("stopped").delete(["a"]);
    },
  ],
  [
    "a task is put off",
    "stopped",
    async () => {
      await queue("stopped").add({ name: "a" });
      await page();
      await queue("stopped").reschedule("a", { countdown: 90 });
    },
  ],
  [
    "a failed task is put back",
    "stopped",
    async () => {
      handlers.set("/_ah/queue/stopped", () => new Response(null, { status: 500 }));
      await queue("stopped").add({ name: "a", retry: { limit: 0 } });
      await queue("stopped").run("a");
      await pass("stopped", 0);
      await page();
      await queue("stopped").redrive(["a"]);
    },
  ],
  [
    "a task is leased",
    "pull",
    async () => {
      await queue("pull").add({ payload: "" });
      await page();
      await lease();
    },
  ],
  [
    "a lease is acknowledged",
    "pull",
    async () => {
      await queue("pull").add({ payload: "" });
      const held = await lease();
      await page();
      await queue("pull").acknowledge([held]);
    },
  ],
  ["it is made", "made", () => queue("made").define({ rate: "1/s" })],
  [
    "it is changed",
    "made",
    async () => {
      await queue("made").define({ rate: "1/s" });
      await page();
      await queue("made").define({ rate: "2/s" });
    },
  ],
];

describe("the list shows at once", () => {
  it.each(HAPPENINGS)("that %s", async (_, name, happen) => {
    await page();
    await happen();
    await expectListed(name);
  });

  it.each(HAPPENINGS)("after an hour at rest, and evictions, that %s", async (_, name, happen) => {
    await page();
    clock.now += 3_600_000;
    await page();
    await crash();
    await happen();
    await crash();
    await expectListed(name);
  });

  it("that a queue is removed", async () => {
    await queue("made").define({ rate: "1/s" });
    await queue("made").add({ countdown: 60 });
    await page();
    await queue("made").remove();
    expect(await listed("made")).toBeUndefined();
    await queue("made").define({ rate: "3/s" });
    await expectListed("made");
  });

  it("what time alone changes", async () => {
    await queue("stopped").add([{ countdown: 100 }, { countdown: 200 }]);
    await queue("four-tokens").add([{}, {}]);
    await pass("four-tokens", 0);
    for (const seconds of [1, 30, 40, 50, 100, 3600]) {
      clock.now += seconds * 1000;
      await expectListed("stopped");
      await expectListed("four-tokens");
    }
  });

  it("that its entry in queue.yaml was changed, or taken out", async () => {
    await takeOutOfFile("gone", [{ countdown: 60 }]);
    expect(await listed("gone")).toMatchObject({ state: "disabled" });
    const entry = { ...few.queues.get("push"), bucketSize: 77 };
    const queues = new Map([...few.queues, ["push", entry]]) as typeof few.queues;
    await queue("push").add({ countdown: 60 });
    await page();
    deployed.queues = { ...few, queues };
    await crash();
    expect(await listed("push")).toMatchObject({ bucketSize: 77 });
  });
});

describe("a queue at rest", () => {
  it("is not asked again, nor by a directory that starts anew", async () => {
    await queue("stopped").add({ countdown: 100_000 });
    clock.now += 3_700_000;
    await page();
    const count = await asked("stopped");
    await page();
    await evict(DIRECTORY);
    expect(await listed("stopped")).toMatchObject({ statistics: { tasks: 1 } });
    expect(count()).toBe(0);
    await queue("stopped").add({});
    await until(async () => (await listed("stopped"))?.statistics.tasks === 2);
    expect(count()).toBeGreaterThan(0);
  });

  it("says that it changed once, however much happens, until it is asked", async () => {
    await queue("stopped").add({});
    await page();
    let changed = 0;
    await replace(DIRECTORY, "changed", async (original) => {
      changed++;
      return original();
    });
    // Its last minute has something in it, so that the directory asks anyway.
    for (let i = 0; i < 5; i++) await queue("stopped").add({});
    expect(changed).toBe(0);
    await evict("stopped");
    for (let i = 0; i < 5; i++) await queue("stopped").add({});
    await until(() => changed === 1);
    expect(changed).toBe(1);
  });

  it("that changes while it is being asked is asked again", async () => {
    await queue("stopped").add({ countdown: 100_000 });
    clock.now += 3_700_000;
    let isFirst = true;
    await replace("stopped", "pulse", async (original) => {
      const report = await original();
      if (isFirst) {
        isFirst = false;
        await queue("stopped").add({ countdown: 100_000 });
      }
      return report;
    });
    await page();
    expect(await listed("stopped")).toMatchObject({ statistics: { tasks: 2 } });
  });
});

describe("pages", () => {
  it("are in the order of names, each queue once, whatever comes and goes", async () => {
    const made = Array.from({ length: 25 }, (_, i) => `made-${`${i}`.padStart(2, "0")}`);
    for (const name of made) await queue(name).define({ rate: "1/s" });
    const all = (await page()).queues.map(({ name }) => name);
    expect(all).toEqual([...made, ...NAMES].sort());
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const next: Page = await page(`?limit=7${cursor ? `&cursor=${cursor}` : ""}`);
      seen.push(...next.queues.map(({ name }) => name));
      cursor = next.cursor;
    } while (cursor);
    expect(seen).toEqual(all);
  });

  it.each([
    "?limit=0",
    "?limit=1001",
    "?limit=x",
    "?cursor=x",
    "?cursor=",
    "?limit=1&limit=2",
    "?prefix=a",
  ])("refuse %s", async (query) => {
    expect(await call("GET", `/queues${query}`)).toMatchObject([
      400,
      { error: { code: "INVALID_REQUEST" } },
    ]);
  });

  it("go on without a queue that fails", async () => {
    await queue("stopped").add({});
    await replace("stopped", "pulse", async () => {
      throw new Error("injected");
    });
    const { queues } = await page();
    expect(queues.map(({ name }) => name)).toContain("push");
  });
});

it("is there for a Worker's own door alone", async () => {
  const own = (exports as unknown as { default: Fetcher }).default;
  expect((await own.fetch("http://example.com/_ah/api/queues")).status).toBe(401);
});
