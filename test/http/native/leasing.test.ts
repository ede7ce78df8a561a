// Pull queues over HTTP, as a worker in any language has them.
import { beforeEach, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import { call } from "../../support/http.ts";
import { freshStart } from "../../support/time.ts";

beforeEach(freshStart);

async function lease(body: object): Promise<{ name: string; lease: string }[]> {
  const [status, answer] = await call("POST", "/queues/pull/tasks:lease", body);
  expect(status).toBe(200);
  return answer.tasks as { name: string; lease: string }[];
}

const one = { leaseSeconds: 60, maxTasks: 1 };

beforeEach(async () => {
  const tasks = ["n1", "n2", "n3"].map((name) => ({ name, payload: name }));
  expect((await call("POST", "/queues/pull/tasks", { tasks }))[0]).toBe(200);
});

it("leases, and acknowledges many", async () => {
  const tasks = await lease({ leaseSeconds: 60, maxTasks: 2 });
  expect(tasks).toMatchObject([
    { name: "n1", payload: "n1", state: "leased", retryCount: 1 },
    { name: "n2" },
  ]);
  const leases = [...tasks.map(({ name, lease }) => ({ name, lease })), { name: "n3", lease: "x" }];
  const [status, { results }] = await call("POST", "/queues/pull/tasks:ack", { leases });
  expect(status).toBe(200);
  expect(results).toMatchObject([
    { name: "n1", acknowledged: true },
    { name: "n2", acknowledged: true },
    { name: "n3", acknowledged: false, error: { code: "TASK_LEASE_EXPIRED" } },
  ]);
});

it("acknowledges one by DELETE with its lease, and without it deletes", async () => {
  const [task] = await lease(one);
  expect(await call("DELETE", `/queues/pull/tasks/n1?lease=other`)).toMatchObject([
    409,
    { error: { code: "TASK_LEASE_EXPIRED" } },
  ]);
  const acknowledged = await call("DELETE", `/queues/pull/tasks/n1?lease=${task?.lease}`);
  expect(acknowledged).toEqual([200, { name: "n1", deleted: true }]);
  expect((await call("GET", "/queues/pull/tasks/n1"))[1]).toMatchObject({ state: "done" });
  expect(await call("DELETE", "/queues/pull/tasks/n2")).toEqual([
    200,
    { name: "n2", deleted: true },
  ]);
  expect((await call("GET", "/queues/pull/tasks/n2"))[1]).toMatchObject({ state: "deleted" });
});

it("extends a lease and gives it back", async () => {
  const [task] = await lease(one);
  const body = { lease: task?.lease, leaseSeconds: 120 };
  const [status, longer] = await call("POST", "/queues/pull/tasks/n1:modifyLease", body);
  expect([status, longer.leaseExpiresAt]).toEqual([
    200,
    new Date(clock.now + 120_000).toISOString(),
  ]);
  expect(await call("POST", "/queues/pull/tasks/n1:modifyLease", body)).toMatchObject([
    409,
    { error: { code: "TASK_LEASE_EXPIRED" } },
  ]);
  const back = { lease: longer.lease, leaseSeconds: 0 };
  expect((await call("POST", "/queues/pull/tasks/n1:modifyLease", back))[0]).toBe(200);
  const again = await lease({ ...one, maxTasks: 3 });
  expect(again.map(({ name }) => name)).toContain("n1");
});

it.each([
  ["pull/tasks:lease", { maxTasks: 1 }, 400, "INVALID_LEASE_TIME"],
  ["pull/tasks:lease", { leaseSeconds: 1 }, 400, "INVALID_REQUEST"],
  ["pull/tasks:lease", { ...one, leaseSeconds: 604_801 }, 400, "INVALID_LEASE_TIME"],
  ["pull/tasks:lease", { ...one, max: 1 }, 400, "INVALID_REQUEST"],
  ["pull/tasks:ack", {}, 400, "INVALID_REQUEST"],
  ["pull/tasks:ack", { leases: ["n1"] }, 400, "INVALID_REQUEST"],
  ["pull/tasks:ack", { leases: [{ name: "n1" }] }, 400, "INVALID_REQUEST"],
  ["pull/tasks/n1:modifyLease", { leaseSeconds: 1 }, 400, "INVALID_REQUEST"],
  ["pull/tasks/n1:modifyLease", { lease: "x" }, 400, "INVALID_LEASE_TIME"],
  ["pull/tasks/n0:modifyLease", { lease: "x", leaseSeconds: 1 }, 404, "UNKNOWN_TASK"],
  ["push/tasks:lease", one, 400, "WRONG_QUEUE_MODE"],
  ["push/tasks:ack", { leases: [] }, 400, "WRONG_QUEUE_MODE"],
  ["push/tasks/n1:modifyLease", { lease: "x", leaseSeconds: 1 }, 400, "WRONG_QUEUE_MODE"],
  ["nope/tasks:lease", one, 404, "UNKNOWN_QUEUE"],
])("%s with %j is refused: %i %s", async (path, body, status, code) => {
  expect(await call("POST", `/queues/${path}`, body)).toMatchObject([status, { error: { code } }]);
});
