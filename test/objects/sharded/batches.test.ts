// Calls that tasks share on a queue of several shards: each shard has calls of its own tasks, and the queue's limits
// hold for all of them.
import { beforeEach, expect, it } from "vitest";
import { callsTo, deployBatches, many } from "../../support/batches.ts";
import { clock } from "../../support/clock.ts";
import { passAll } from "../../support/resharding.ts";
import { crash, freshStart, objectsOf, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";

const QUEUE = "four-shards";
const SIZE = 10;

beforeEach(freshStart);

const left = async () => (await queue(QUEUE).describe()).statistics.tasks;
const deploy = (entry: object = {}) =>
  deployBatches(QUEUE, { shards: 4, batch: { size: SIZE, wait: 0.1 } }, entry);

it("each task is in one call, none is larger than a batch, and shards fill theirs", async () => {
  deploy();
  const calls = callsTo(`/_ah/queue/${QUEUE}`);
  await queue(QUEUE).add(many(400));
  await work(objectsOf(QUEUE), async () => (await left()) === 0);
  const names = calls.flat();
  expect(names.sort()).toEqual(
    many(400)
      .map(({ name }) => name)
      .sort(),
  );
  expect(Math.max(...calls.map(({ length }) => length))).toBe(SIZE);
  // A shard's last call, and one that had to wait for tokens, may have fewer.
  expect(calls.length).toBeLessThan(60);
});

it("what fails is tried again by its own shard", async () => {
  deploy({ retry_parameters: { min_backoff_seconds: 1 } });
  const calls = callsTo(`/_ah/queue/${QUEUE}`, (batch) =>
    batch.answer(
      batch.tasks.map(({ name, retryCount }) => ({
        name,
        status: name.endsWith("7") && retryCount === 0 ? 500 : 200,
      })),
    ),
  );
  await queue(QUEUE).add(many(100));
  await work(objectsOf(QUEUE), async () => (await left()) === 0);
  const times = Map.groupBy(calls.flat(), (name) => name);
  expect([...times.values()].filter(({ length }) => length === 2)).toHaveLength(10);
  expect([...times.values()].filter(({ length }) => length > 2)).toEqual([]);
});

it("the queue's rate holds for the tasks of all of them, evictions included", async () => {
  const [rate, bucket] = [20, 10];
  deploy({ rate: `${rate}/s`, bucket_size: bucket });
  const started: number[] = [];
  callsTo(`/_ah/queue/${QUEUE}`, (batch) => {
    started.push(...batch.tasks.map(() => clock.now));
    return new Response();
  });
  await queue(QUEUE).add(many(200));
  for (let turn = 0; turn < 4; turn++) {
    await passAll(QUEUE, 3);
    await crash();
  }
  started.sort((a, b) => a - b);
  expect(started.length).toBeGreaterThan(100);
  started.forEach((begin, i) => {
    for (let j = i; j < started.length; j++) {
      const seconds = ((started[j] as number) - begin) / 1000;
      expect(j - i + 1).toBeLessThanOrEqual(bucket + rate * seconds + 1e-6);
    }
  });
});
