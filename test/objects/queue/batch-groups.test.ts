// Subtasks and masters on a queue that hands on batches, and tasks that go on to other queues.
import { beforeEach, expect, it } from "vitest";
import { callsTo, deployBatches, many } from "../../support/batches.ts";
import { freshStart, groupObject, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { handlers } from "../../support/worker.ts";

beforeEach(freshStart);

const PATH = "/_ah/queue/push";
const retry = { retry_parameters: { task_retry_limit: 0 } };
const at = (...names: string[]) => ["push", "paced", ...names.map(groupObject)];

it("subtasks of one group share a call, and each has its result in the group", async () => {
  deployBatches("push", { batch: { size: 10 } }, retry);
  const calls = callsTo(PATH, (batch) => {
    expect(batch.tasks.map((task) => task.group)).toEqual(["g", "g", "g"]);
    return batch.each(({ payload }) => {
      if (payload === 1) throw new Error("no luck");
      return { of: payload };
    });
  });
  const g = await queue("push").group({ name: "g", tasks: many(3) });
  await g.close();
  await work(at("g"), async () => (await g.progress()).state !== "running");
  expect(calls).toEqual([["t0", "t1", "t2"]]);
  const results = [];
  for await (const { name, state, result, error } of g.results())
    results.push([name, state, result ?? error]);
  expect(results).toEqual([
    ["t0", "done", { of: 0 }],
    ["t1", "failed", "Error: no luck"],
    ["t2", "done", { of: 2 }],
  ]);
});

it("subtasks of a cancelled group are not tried again", async () => {
  deployBatches("push", { batch: { size: 2 } }, { max_concurrent_requests: 1 });
  let isReleased = false;
  const calls = callsTo(PATH, async (batch) => {
    while (!isReleased) await scheduler.wait(2);
    return batch.answer([
      { name: "t0", status: 200 },
      { name: "t1", status: 500 },
    ]);
  });
  const g = await queue("push").group({ name: "g", tasks: many(4) });
  await work(at("g"), () => calls.length === 1);
  await g.cancel();
  await work(at("g"), async () => (await g.progress()).deleted === 2);
  isReleased = true;
  await work(at("g"), async () => (await g.progress()).state !== "running");
  expect(await g.progress()).toMatchObject({ state: "cancelled", done: 1, deleted: 3 });
  expect(calls).toEqual([["t0", "t1"]]);
});

it("a task of a batch cannot wait for a group", async () => {
  deployBatches("push", { batch: { size: 10 } });
  const said: string[] = [];
  callsTo(PATH, async ({ tasks }) => {
    const [master] = tasks;
    if (!master) throw new Error("a batch without tasks");
    await queue("paced")
      .group({ master: { queue: "push", name: master.name } })
      .catch((error: Error) => said.push(error.message));
    return new Response();
  });
  await queue("push").add(many(2));
  await work(at(), async () => (await queue("push").describe()).statistics.tasks === 0);
  expect(said).toEqual([
    'master: the task "t0" is with its handler as one of a batch, expected a call of its own: a queue of masters has no extensions.batch',
  ]);
});

it("a task that is used up goes on to the dead-letter queue by itself", async () => {
  deployBatches("push", { batch: { size: 10 }, failed_queue: "default" }, retry);
  callsTo(PATH, (batch) =>
    batch.answer(batch.tasks.map(({ name }) => ({ name, status: name === "t1" ? 500 : 200 }))),
  );
  const dead: (string | null)[] = [];
  handlers.set("/_ah/queue/default", ({ headers }) => {
    dead.push(headers.get("X-TaskQueue-Failed-Task"));
    return new Response();
  });
  await queue("push").add(many(3));
  await work([...at(), "default"], async () => dead.length > 0);
  expect(dead).toEqual(["t1"]);
});

it("shards make batches of their own", async () => {
  deployBatches("four-shards", { shards: 4, batch: { size: 5 } });
  const calls = callsTo("/_ah/queue/four-shards");
  await queue("four-shards").add(many(100));
  const left = async () => (await queue("four-shards").describe()).statistics.tasks;
  await work(["four-shards"], async () => (await left()) === 0);
  expect(calls.flat().sort()).toEqual(
    many(100)
      .map(({ name }) => name)
      .sort(),
  );
  expect(Math.max(...calls.map(({ length }) => length))).toBe(5);
});
