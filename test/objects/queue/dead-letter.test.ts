// Tasks that failed for good, on the queue they are forwarded to.
import { beforeEach, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import { crash, freshStart, pass, queue, until } from "../../support/time.ts";
import { handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

async function fail(task: object): Promise<void> {
  handlers.set("/_ah/queue/dead-letters", () => new Response("out of cheese\n", { status: 503 }));
  await queue("dead-letters").add(task);
  await pass("dead-letters", 10);
  await until(async () => (await queue("dead-letters").describe()).statistics.failed === 0);
}

const deadLetters = () => received.filter(({ url }) => url.pathname === "/_ah/queue/push");

it("a task that failed for good runs on the other queue, which learns where from and why", async () => {
  await fail({ name: "n1", payload: { a: 1 }, headers: { "X-Team": "blue" } });
  await pass("push", 1);
  const [request] = deadLetters();
  expect(request).toMatchObject({ method: "POST", body: '{"a":1}' });
  const headers = Object.fromEntries(request?.headers ?? []);
  expect(headers).toMatchObject({
    "content-type": "application/json",
    "x-team": "blue",
    "x-appengine-queuename": "push",
    "x-appengine-taskretrycount": "0",
    "x-taskqueue-failed-queue": "dead-letters",
    "x-taskqueue-failed-task": "n1",
    "x-taskqueue-failed-attempts": "2",
    "x-taskqueue-failed-reason": "status 503: out of cheese\\n",
  });
  expect(headers["x-appengine-taskname"]).toMatch(/^n1-[0-9a-z]+$/);
});

it("its name stays taken where it failed, as long as a tombstone does", async () => {
  await fail({ name: "n1" });
  expect(await queue("dead-letters").get("n1")).toMatchObject({
    state: "failed",
    executionCount: 2,
  });
  await expect(queue("dead-letters").add({ name: "n1" })).rejects.toMatchObject({
    code: "TOMBSTONED_TASK",
  });
  clock.now += 9 * 86_400_000 + 1;
  await queue("dead-letters").add({ name: "n1" });
});

it("params, bytes and a task without a name are forwarded too", async () => {
  await fail({ params: { a: ["1", "2"] } });
  await fail({ payload: new Uint8Array([65, 66]), method: "PUT", name: "bytes" });
  await pass("push", 1);
  // Both run at once, in any order.
  const sent = deadLetters().map(({ method, body }) => [method, body]);
  expect(sent.sort()).toEqual([
    ["POST", "a=1&a=2"],
    ["PUT", "AB"],
  ]);
});

it("a pull task that had all its leases is pushed there", async () => {
  const pull = queue("pull-dead-letters");
  await pull.add({ name: "n1", payload: "x" });
  await pull.lease({ leaseSeconds: 1, maxTasks: 1 });
  clock.now += 1001;
  expect(await pull.lease({ leaseSeconds: 1, maxTasks: 1 })).toEqual([]);
  await pass("pull-dead-letters", 1);
  await until(async () => (await pull.describe()).statistics.failed === 0);
  await pass("push", 1);
  expect(deadLetters()).toMatchObject([{ body: "x" }]);
});

it("what a crash cut off is forwarded after it, and once", async () => {
  handlers.set("/_ah/queue/dead-letters", () => new Response(null, { status: 500 }));
  await queue("dead-letters").add({ name: "n1", retry: { limit: 0 } });
  await pass("dead-letters", 0);
  await crash();
  await pass("dead-letters", 60);
  await until(async () => (await queue("dead-letters").describe()).statistics.failed === 0);
  await pass("push", 1);
  expect(deadLetters()).toHaveLength(1);
});

it("what the other queue refuses stays failed here", async () => {
  handlers.set("/_ah/queue/dead-letters", () => new Response(null, { status: 500 }));
  // With the headers that say why it is past what a push queue takes.
  await queue("dead-letters").add({
    name: "n1",
    payload: "x".repeat(102_390),
    retry: { limit: 0 },
  });
  await pass("dead-letters", 10);
  expect(await queue("dead-letters").get("n1")).toMatchObject({ state: "failed", lastAttempt: {} });
  expect((await queue("push").describe()).statistics.tasks).toBe(0);
});
