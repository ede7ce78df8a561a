// Groups and queues of several shards: subtasks, `then` and masters on any of the shards, each of them once.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import { shardOf } from "../../../src/core/sharding/shard-map.ts";
import { readTask } from "../../../src/index.ts";
import { clock } from "../../support/clock.ts";
import { passEvicting } from "../../support/evictions.ts";
import { injectInto } from "../../support/faults.ts";
import { STRIDE } from "../../support/histories.ts";
import { deployShards, untilMoved } from "../../support/resharding.ts";
import { crash, freshStart, groupObject, objectOf, objectsOf, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { deployed, group, handlers, held, queueFile, received } from "../../support/worker.ts";

const QUEUE = "four-shards";
const PULL = "four-pull-shards";
const SHARDS = [0, 1, 2, 3];
/** One for each shard. */
const NAMES = SHARDS.map((shard) => {
  for (let i = 0; ; i++) if (shardOf(`n${i}`, 4) === shard) return `n${i}`;
});

beforeEach(freshStart);

const four = () => queue(QUEUE);
const groupOf = (name: string) => group(env, name);
const stateOf = async (name: string) => (await groupOf(name).progress()).state;
const paths = () => received.map(({ url }) => url.pathname);
const objects = (...groups: string[]) => [
  ...objectsOf(QUEUE),
  ...objectsOf(PULL),
  "push",
  ...groups.map(groupObject),
];
const ran = (path: string) => paths().filter((it) => it === path).length;

const none = { tasks: [] };

/** From now on the object can write nothing, until it is started anew. */
async function breakDown(name: string): Promise<void> {
  await runInDurableObject(objectOf(name), (_, { storage }) => {
    storage.transactionSync = () => {
      throw new Error("broken by the test");
    };
  });
}

describe("a group with subtasks on a queue of several shards", () => {
  it("is done when all of them are, named or not, and has their answers in the order given", async () => {
    handlers.set("/square", async (request) => {
      const { payload = 0 } = await readTask<number>(request);
      return Response.json(payload * payload);
    });
    const tasks = Array.from({ length: 40 }, (_, i) => ({
      ...(i % 2 === 0 && { name: `t${i}` }),
      ...{ url: "/square", payload: i },
    }));
    const handle = await four().group({ name: "g", tasks });
    await work(objects("g"), async () => (await stateOf("g")) === "done");
    const { results } = await handle.resultPage();
    expect(results.map(({ index, result }) => [index, result])).toEqual(
      tasks.map((_, i) => [i, i * i]),
    );
    expect(received).toHaveLength(40);
  });

  it("fails those whose names are taken, and no other", async () => {
    await four().add(NAMES.slice(0, 2).map((name) => ({ name, countdown: 3600 })));
    await four().group({ name: "g", onFailure: 9, tasks: NAMES.map((name) => ({ name })) });
    await work(objects("g"), async () => (await groupOf("g").progress()).done === 2, 60);
    const { results } = await groupOf("g").resultPage();
    expect(results.map(({ state }) => state)).toEqual(["failed", "failed", "done", "done"]);
  });

  it("counts those that run, on all shards", async () => {
    const { answer, started } = held("/s");
    await four().group({ name: "g", tasks: NAMES.map((name) => ({ name, url: "/s" })) });
    await work(objects("g"), () => started() === 4);
    expect(await groupOf("g").progress()).toMatchObject({ running: 4 });
    for (const name of NAMES) answer(name, 200);
    await work(objects("g"), async () => (await stateOf("g")) === "done");
  });

  it("drops all that wait when it is cancelled", async () => {
    const tasks = Array.from({ length: 20 }, () => ({ countdown: 3600 }));
    await four().group({ name: "g", tasks });
    await work(objects("g"), async () => (await groupOf("g").progress()).total === 20);
    await groupOf("g").cancel();
    await work(objects("g"), async () => (await stateOf("g")) === "cancelled", 60);
    expect(await groupOf("g").progress()).toMatchObject({ deleted: 20 });
  });

  it.each(["throw", "kill"] as const)(
    "has each once, whatever step of a shard fails (%s)",
    async (kind) => {
      for (const shard of [0, 2]) {
        for (let at = kind === "throw" ? 1 : 5, reached = true; reached; at += 9 * STRIDE) {
          await freshStart();
          const [object] = objectsOf(QUEUE).slice(shard);
          const tasks = [
            ...NAMES.map((name) => ({ name })),
            ...Array.from({ length: 12 }, () => ({})),
          ];
          const fault = await injectInto([object as string], { at, kind });
          const subtasks = tasks.map((task) => ({ ...task, url: "/s" }));
          // It is made before its answer asks how many of its subtasks run.
          await four()
            .group({ name: "g", tasks: subtasks })
            .catch(() => {});
          const isDone = () =>
            stateOf("g").then(
              (state) => state === "done",
              () => false,
            );
          await work(objects("g"), isDone, 120);
          reached = fault.hit();
          fault.stop();
          const names = received.map(({ headers }) => headers.get("X-AppEngine-TaskName"));
          const { done } = await groupOf("g").progress();
          expect({ at, shard, done, ran: new Set(names).size }).toEqual({
            ...{ at, shard, done: 16, ran: 16 },
          });
        }
      }
    },
    240_000,
  );
});

describe("a batch that not all shards have accepted yet", () => {
  const tasks = [...NAMES.map((name) => ({ name })), ...Array.from({ length: 20 }, () => ({}))];

  it.each([8, 3, 1])(
    "is on each once though the number of shards becomes %i",
    async (shards) => {
      await four().group({ name: "g", open: true, tasks: [] });
      const before = Array.from({ length: 40 }, (_, i) => ({ name: `b${i}`, countdown: 3600 }));
      await four().add(before);
      await breakDown(objectsOf(QUEUE)[2] as string);
      await groupOf("g").add(tasks.map((task) => ({ ...task, queue: QUEUE, countdown: 3600 })));
      await work(
        objects("g"),
        async () =>
          (
            await four()
              .list({ limit: 100 })
              .catch(() => none)
          ).tasks.length > 49,
        5,
      );
      await deployShards(QUEUE, shards);
      const isAccepted = async () =>
        (await four().list({ limit: 100 })).tasks.length >= 40 + tasks.length;
      await work(objects("g"), isAccepted, 60);
      await untilMoved(QUEUE, shards);
      expect((await four().list({ limit: 100 })).tasks).toHaveLength(40 + tasks.length);
    },
    60_000,
  );
});

describe("a master on a queue of several shards", () => {
  it.each(NAMES)("waits for its group, and ends with it: %s", async (name) => {
    handlers.set("/m", async (request) => {
      const master = await readTask(request);
      await four().group({ name: "g", master, tasks: [{ url: "/s" }, { url: "/s" }] });
      return new Response();
    });
    await four().add({ name, url: "/m" });
    await work(objects("g"), async () => (await four().get(name)).state === "done");
    expect(ran("/s")).toBe(2);
    expect(await groupOf("g").progress()).toMatchObject({ master: { queue: QUEUE, name } });
  });

  it("is cancelled with the group it belongs to", async () => {
    handlers.set("/m", async (request) => {
      const master = await readTask(request);
      await four().group({ name: "inner", master, tasks: [{ countdown: 3600 }] });
      return new Response();
    });
    await four().group({
      name: "outer",
      tasks: NAMES.map((name) => ({ name, url: "/m" })).slice(1, 2),
    });
    const name = NAMES[1] as string;
    const waits = async () => (await four().get(name)).state === "waiting";
    await work(objects("outer", "inner"), () => waits().catch(() => false));
    await groupOf("outer").cancel();
    await work(objects("outer", "inner"), async () => (await stateOf("outer")) === "cancelled", 60);
    expect(await stateOf("inner")).toBe("cancelled");
  });
});

it("a group goes its whole way though every object is evicted between any two events", async () => {
  const unlimited = queueFile.queues.get("unlimited") as QueueConfig;
  const queues = new Map([...queueFile.queues, ["unlimited", { ...unlimited, shards: 4 }]]);
  deployed.queues = { ...queueFile, queues };
  handlers.set("/m", async (request) => {
    const master = await readTask(request);
    const tasks = [...NAMES.map((name) => ({ queue: PULL, name, payload: "p" })), { url: "/s" }];
    const then = { queue: "unlimited", url: "/then" };
    await queue("unlimited").group({ name: "g", master, tasks, then });
    return new Response();
  });
  await queue("unlimited").add({ name: "m", url: "/m" });
  const names = [...objectsOf("unlimited"), ...objectsOf(PULL), groupObject("g")];
  const there = async () => {
    const found = await Promise.allSettled(NAMES.map((name) => queue(PULL).get(name)));
    return found.every(({ status }) => status === "fulfilled");
  };
  await passEvicting(names, 60, there);
  clock.now += 1;
  const leased = await queue(PULL).lease({ leaseSeconds: 60, maxTasks: 9 });
  expect(leased.map(({ name }) => name).sort()).toEqual([...NAMES].sort());
  await crash();
  await queue(PULL).acknowledge(leased);
  await passEvicting(names, 60, () => paths().includes("/then"));
  expect(await stateOf("g")).toBe("done");
  await work(names, async () => (await queue("unlimited").get("m")).state === "done");
  expect([ran("/then"), ran("/s")]).toEqual([1, 1]);
}, 60_000);
