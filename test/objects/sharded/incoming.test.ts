// What other objects, other Workers and callers who do not know its shards do with a queue of several.
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { parseCronYaml } from "../../../src/core/config/cron-yaml.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { shardOf } from "../../../src/core/sharding/shard-map.ts";
import type { TaskQueuesBinding } from "../../../src/index.ts";
import { clock } from "../../support/clock.ts";
import { elsewhere } from "../../support/doors.ts";
import { injectInto } from "../../support/faults.ts";
import {
  CRON,
  crash,
  fireAlarms,
  freshStart,
  objectOf,
  objectsOf,
  pass,
  queue,
  until,
} from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { cron, deployed, handlers, received } from "../../support/worker.ts";

const QUEUE = "four-shards";
/** One for each shard. */
const NAMES = [0, 1, 2, 3].map((shard) => {
  for (let i = 0; ; i++) if (shardOf(`n${i}`, 4) === shard) return `n${i}`;
});

beforeEach(freshStart);

const ran = () => received.map(({ headers }) => headers.get("X-AppEngine-TaskName"));

/** From now on the Worker is deployed with this queue.yaml. */
async function deploy(queueYaml: string): Promise<void> {
  deployed.queues = parseQueueYaml(queueYaml);
  await crash();
}

describe("cron", () => {
  it("adds each due time's task once, on whichever shard, whatever step of it fails", async () => {
    const entries = ["cron:"];
    for (let i = 0; i < 8; i++) {
      entries.push(
        `- {url: /t, description: d${i}, schedule: every 1 hours, extensions: {name: e${i}, queue: ${QUEUE}}}`,
      );
    }
    for (const [at, kind] of [
      [3, "throw"],
      [5, "kill"],
      [9, "throw"],
      [12, "kill"],
    ] as const) {
      await freshStart();
      deployed.cron = parseCronYaml(entries.join("\n"), deployed.queues);
      await crash();
      await cron(env).wake();
      const [, second = ""] = objectsOf(QUEUE);
      await injectInto([second], { at, kind });
      await fireAlarms([CRON, ...objectsOf(QUEUE)], clock.now + 3_700_000, QUEUE);
      expect(new Set(ran()).size).toBe(8);
    }
  }, 60_000);
});

describe("dead letters", () => {
  const yaml = (from: number, to: number) => `
queue:
- {name: from, rate: 500/s, bucket_size: 100, retry_parameters: {task_retry_limit: 0}, extensions: {failed_queue: to, shards: ${from}}}
- {name: to, rate: 500/s, bucket_size: 100, extensions: {shards: ${to}}}
`;

  it.each([
    [4, 1],
    [1, 4],
    [4, 3],
  ])("are forwarded once each, from %i shards to %i", async (from, to) => {
    await deploy(yaml(from, to));
    handlers.set("/_ah/queue/from", () => new Response("no", { status: 500 }));
    const object = objectOf("from") as unknown as { add(calls: object[]): Promise<unknown> };
    await object.add([{ tasks: NAMES.map((name) => ({ name })), atomic: false }]);
    const arrived = () => received.filter(({ url }) => url.pathname === "/_ah/queue/to");
    await work([...objectsOf("from"), ...objectsOf("to")], () => arrived().length === 4, 60);
    const failed = arrived().map(({ headers }) => headers.get("X-TaskQueue-Failed-Task"));
    expect(failed.sort()).toEqual([...NAMES].sort());
    expect(
      new Set(arrived().map(({ headers }) => headers.get("X-TaskQueue-Failed-Queue"))),
    ).toEqual(new Set(["from"]));
  });
});

describe("a caller who does not know of the shards", () => {
  const binding = () =>
    (
      exports as unknown as {
        TaskQueuesEntrypoint: (options: { props: object }) => TaskQueuesBinding;
      }
    ).TaskQueuesEntrypoint({ props: {} });

  it("uses a queue made over the API like any other", async () => {
    handlers.set("/_ah/queue/made", () => Response.json({ sum: 3 }));
    const entry = {
      rate: "500/s",
      bucket_size: 100,
      extensions: { shards: 4, keep_results: true },
    };
    await queue("made").define(entry);
    const names = ["made", "made#1", "made#2", "made#3"];
    await queue("made").add(NAMES.map((name) => ({ name })));
    const result = queue("made").result(NAMES[2] as string);
    await work(names, async () => (await queue("made").get(NAMES[2] as string)).state === "done");
    expect(await result).toEqual({ sum: 3 });
    await expect(
      queue("made").add(
        NAMES.map((name) => ({ name })),
        { atomic: true },
      ),
    ).rejects.toMatchObject({ code: "INVALID_REQUEST" });
    expect((await queue("made").describe()).extensions).toMatchObject({ shards: 4 });
  });

  it.each([
    ["a service binding", (name: string) => binding().get(name)],
    ["the client for elsewhere", (name: string) => elsewhere().get(name)],
  ] as const)("uses it over %s", async (_, get) => {
    for (const name of [QUEUE, "made"]) {
      await freshStart();
      if (name === "made") await queue("made").define({ rate: 0, extensions: { shards: 4 } });
      objectsOf(QUEUE);
      const it = get(name) as unknown as ReturnType<typeof queue>;
      await it.add(NAMES.map((task) => ({ name: task, countdown: 3600, payload: "p" })));
      for (const task of NAMES) expect(await it.get(task)).toMatchObject({ payload: "p" });
      expect((await it.list()).tasks).toHaveLength(4);
      expect(await it.delete([NAMES[1] as string])).toMatchObject([{ deleted: true }]);
      expect((await it.pause()).state).toBe("paused");
      expect((await it.purge()).statistics.tasks).toBe(0);
      expect((await it.resume()).name).toBe(name);
    }
  });
});

it("each shard takes as much as its part of the storage allows", async () => {
  await deploy(`
total_storage_limit: 1M
queue:
- {name: four-shards, rate: 0/s, extensions: {shards: 4}}
`);
  let refused = "";
  for (let i = 0; i < 60 && !refused; i++) {
    await queue(QUEUE)
      .add({ payload: "y".repeat(30_000) })
      .catch((error) => {
        refused = `${error.code} ${error.message}`;
      });
  }
  expect(refused).toMatch(/^QUEUE_FULL .*less than 262144 /);
});

it("a lost alarm of any shard is found by the directory's round", async () => {
  await queue(QUEUE).add(NAMES.map((name) => ({ name, countdown: 3600 })));
  for (const name of objectsOf(QUEUE))
    await runInDurableObject(objectOf(name), (_, state) => state.storage.deleteAlarm());
  await crash();
  await (objectOf(QUEUE) as unknown as { wake(): Promise<void> }).wake();
  await pass(QUEUE, 3601);
  await until(() => ran().length === 4);
  expect(ran().sort()).toEqual([...NAMES].sort());
});
