// Pull queues by either door: what a worker gets, keeps and loses.
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { LeaseRequest } from "../../../../src/core/task/lease.ts";
import type { NewTask, Task } from "../../../../src/index.ts";
import { Leasing } from "../../../../src/objects/queue/leasing/leasing.ts";
import { clock, START } from "../../../support/clock.ts";
import { DOORS } from "../../../support/doors.ts";
import { haveLines } from "../../../support/in-lines.ts";
import { crash, freshStart, objectsOf, queue as theQueue, until } from "../../../support/time.ts";

beforeEach(freshStart);

const IN_LINES = "the TypeScript client, of a queue with lines";

describe.each([...DOORS, [IN_LINES, theQueue] as const])("by %s", (door, queue) => {
  const isInLines = door === IN_LINES;
  beforeEach(() => (isInLines ? haveLines("pull", "pull-once") : undefined));

  const pull = () => queue("pull");
  const second = { leaseSeconds: 1, maxTasks: 1 };

  async function add(...tasks: NewTask[]): Promise<void> {
    await pull().add(tasks.map((task) => ({ payload: "", ...task })));
  }

  async function namesOf(request: Parameters<ReturnType<typeof pull>["lease"]>[0]) {
    return (await pull().lease(request)).map(({ name }) => name);
  }

  function at(seconds: number): string {
    return new Date(START + seconds * 1000).toISOString();
  }

  describe("a lease", () => {
    it("gives the task with its payload and tag, and counts", async () => {
      await add({ name: "n1", payload: { a: 1 }, tag: "blue" });
      const [task] = await pull().lease({ leaseSeconds: 60, maxTasks: 10 });
      expect(task).toMatchObject({
        name: "n1",
        state: "leased",
        payload: { a: 1 },
        tag: "blue",
        retryCount: 1,
        executionCount: 0,
        leaseExpiresAt: at(60),
        eta: at(60),
      });
      expect(await pull().get("n1")).toEqual({ ...task, why: `leased until ${at(60)}` });
    });

    it("of an empty queue is empty, and of fewer tasks than asked for gives those", async () => {
      expect(await namesOf({ leaseSeconds: 1, maxTasks: 10 })).toEqual([]);
      await add({ name: "n1" }, { name: "n2" });
      expect(await namesOf({ leaseSeconds: 1, maxTasks: 10 })).toEqual(["n1", "n2"]);
    });

    it("of a task with an ETA is to be had only after its ETA", async () => {
      await add({ name: "n1", countdown: 5 });
      clock.now += 5000;
      expect(await namesOf(second)).toEqual([]);
      clock.now += 1;
      expect(await namesOf(second)).toEqual(["n1"]);
    });

    it("keeps the task from others to its last millisecond, and counts again when it is given again", async () => {
      await add({ name: "n1" });
      await pull().lease({ leaseSeconds: 10, maxTasks: 1 });
      clock.now += 10_000;
      expect(await namesOf(second)).toEqual([]);
      clock.now += 1;
      const [again] = await pull().lease(second);
      expect(again).toMatchObject({ name: "n1", retryCount: 2 });
      expect(again?.attempts).toEqual([
        { startedAt: at(0), endedAt: at(10), error: "the lease ended without an acknowledgement" },
      ]);
    });

    it("of no seconds gives the task and leaves it to the next at once", async () => {
      await add({ name: "n1" });
      const none = { leaseSeconds: 0, maxTasks: 1 };
      expect(await namesOf(none)).toEqual(["n1"]);
      expect(await namesOf(none)).toEqual(["n1"]);
    });

    it.skipIf(isInLines)(
      "goes by ETA, then by name; a task that was leased before comes when that lease has ended",
      async () => {
        const eta = at(1);
        await add(
          { name: "t-c", eta },
          { name: "t-a", eta },
          { name: "t-b", eta },
          { name: "now" },
        );
        expect(await namesOf({ leaseSeconds: 0.5, maxTasks: 1 })).toEqual(["now"]);
        clock.now += 2000;
        const all = { leaseSeconds: 1, maxTasks: 4 };
        expect(await namesOf(all)).toEqual(["now", "t-a", "t-b", "t-c"]);
      },
    );

    it.skipIf(isInLines)(
      "takes the first of one instant by name, though there are more than it takes",
      async () => {
        const eta = at(1);
        await add(...Array.from({ length: 300 }, (_, i) => ({ name: `t-${300 - i}`, eta })));
        clock.now += 2000;
        const first = await namesOf({ leaseSeconds: 100, maxTasks: 120 });
        const rest = await namesOf({ leaseSeconds: 100, maxTasks: 1000 });
        expect([...first, ...rest]).toEqual([...first, ...rest].sort());
        expect([first.length, rest.length]).toEqual([120, 180]);
      },
    );

    it("of a task that has had all its leases gives it up instead", async () => {
      const twice = queue("pull-twice");
      await twice.add({ name: "n1", payload: "" });
      for (const leases of [1, 2]) {
        expect(await twice.lease(second)).toMatchObject([{ name: "n1", retryCount: leases }]);
        clock.now += 1001;
      }
      expect(await twice.lease(second)).toEqual([]);
      const failed = await twice.get("n1");
      expect(failed).toMatchObject({ state: "failed", retryCount: 2, attempts: [{}, {}] });
      expect((await twice.describe()).statistics.tasks).toBe(0);
      await expect(twice.add({ name: "n1", payload: "" })).rejects.toMatchObject({
        code: "TOMBSTONED_TASK",
      });
    });

    it("goes by the task's own limit, and with 0 never comes", async () => {
      await add({ name: "never", retry: { limit: 0 } }, { name: "once", retry: { limit: 1 } });
      expect(await namesOf({ leaseSeconds: 1, maxTasks: 2 })).toEqual(["once"]);
      expect(await pull().get("never")).toMatchObject({ state: "failed", retryCount: 0 });
    });

    it("survives a crash, and so does its order", async () => {
      await add({ name: "n1" }, { name: "n2", tag: "blue" }, { name: "n3" });
      const [held] = await pull().lease({ leaseSeconds: 60, maxTasks: 1 });
      await pull().lease({ leaseSeconds: 5, maxTasks: 1, tag: "blue" });
      await crash();
      expect(await namesOf({ leaseSeconds: 60, maxTasks: 10 })).toEqual(["n3"]);
      clock.now += 5001;
      await crash();
      expect(await namesOf({ leaseSeconds: 60, maxTasks: 10 })).toEqual(["n2"]);
      expect(await pull().acknowledge([held as Task])).toEqual([
        { name: "n1", acknowledged: true },
      ]);
    });
  });

  describe("tags", () => {
    beforeEach(() =>
      add(
        ...["A", undefined, "B", "A", "B"].map((tag, i) => ({
          name: `n${i}`,
          ...(tag ? { tag } : {}),
        })),
      ),
    );
    const all = { leaseSeconds: 10, maxTasks: 10 };

    it("a lease by tag gets that tag alone", async () => {
      expect(await namesOf({ ...all, tag: "B" })).toEqual(["n2", "n4"]);
      expect(await namesOf({ ...all, tag: "B" })).toEqual([]);
      expect(await namesOf(all)).toEqual(["n0", "n1", "n3"]);
    });

    it("a lease by the oldest's tag gets that tag", async () => {
      expect(await namesOf({ ...all, oldestTag: true })).toEqual(["n0", "n3"]);
    });

    it("if the oldest has no tag, a lease by it gets those of its window without one", async () => {
      await namesOf({ leaseSeconds: 10, maxTasks: 1 });
      expect(await namesOf({ ...all, oldestTag: true })).toEqual(["n1"]);
    });

    it("comes again by its tag when its lease has ended", async () => {
      await namesOf({ leaseSeconds: 1, maxTasks: 5 });
      clock.now += 1001;
      expect(await namesOf({ ...all, tag: "A" })).toEqual(["n0", "n3"]);
    });
  });

  describe("acknowledging", () => {
    it("ends the task while the lease holds", async () => {
      await add({ name: "n1" }, { name: "n2" });
      const held = await pull().lease({ leaseSeconds: 10, maxTasks: 2 });
      clock.now += 10_000;
      const results = await pull().acknowledge(held);
      expect(results).toEqual(held.map(({ name }) => ({ name, acknowledged: true })));
      expect(await pull().get("n1")).toMatchObject({ state: "done", retryCount: 1 });
      expect((await pull().describe()).statistics).toMatchObject({ tasks: 0, inFlight: 0 });
    });

    it("by one whose lease ran out changes nothing, and says so", async () => {
      await add({ name: "n1" });
      const lost = await pull().lease(second);
      clock.now += 1001;
      const expired = { name: "n1", acknowledged: false, error: { code: "TASK_LEASE_EXPIRED" } };
      expect(await pull().acknowledge(lost)).toMatchObject([expired]);
      const held = await pull().lease(second);
      expect(await pull().acknowledge(lost)).toMatchObject([expired]);
      expect(await pull().acknowledge(held)).toMatchObject([{ acknowledged: true }]);
      expect(await pull().acknowledge(held)).toMatchObject([
        { error: { code: "TOMBSTONED_TASK" } },
      ]);
    });

    it("each has its own answer", async () => {
      await add({ name: "n1" });
      const [held] = await pull().lease(second);
      const unknown = { name: "n0", lease: "x-1" };
      expect(await pull().acknowledge([unknown, held as Task])).toMatchObject([
        { name: "n0", acknowledged: false, error: { code: "UNKNOWN_TASK" } },
        { name: "n1", acknowledged: true },
      ]);
    });
  });

  describe("changing a lease", () => {
    it("extends it; the old token is then stale, and nothing is counted", async () => {
      await add({ name: "n1" });
      const [old] = (await pull().lease({ leaseSeconds: 10, maxTasks: 1 })) as [Task];
      const held = await pull().modifyLease(old, 60);
      expect(held).toMatchObject({ leaseExpiresAt: at(60), retryCount: 1, state: "leased" });
      await expect(pull().modifyLease(old, 60)).rejects.toMatchObject({
        code: "TASK_LEASE_EXPIRED",
      });
      clock.now += 60_000;
      expect(await pull().acknowledge([held])).toMatchObject([{ acknowledged: true }]);
    });

    it("to nothing gives the task back: another has it at once", async () => {
      await add({ name: "n1" });
      const [held] = (await pull().lease({ leaseSeconds: 60, maxTasks: 1 })) as [Task];
      expect(await pull().modifyLease(held, 0)).toMatchObject({ state: "due" });
      expect(await pull().lease(second)).toMatchObject([{ name: "n1", retryCount: 2 }]);
      await expect(pull().modifyLease(held, 10)).rejects.toMatchObject({
        code: "TASK_LEASE_EXPIRED",
      });
    });

    it("that ran out is refused, though nobody leased the task again", async () => {
      await add({ name: "n1" });
      const [held] = (await pull().lease(second)) as [Task];
      clock.now += 1001;
      await expect(pull().modifyLease(held, 10)).rejects.toMatchObject({
        code: "TASK_LEASE_EXPIRED",
      });
    });
  });

  describe("control of a pull queue", () => {
    it("paused it leases nothing and changes no lease, but takes acknowledgements", async () => {
      await add({ name: "n1" }, { name: "n2" });
      const [held] = (await pull().lease({ leaseSeconds: 10, maxTasks: 1 })) as [Task];
      await pull().pause();
      await expect(pull().lease(second)).rejects.toMatchObject({ code: "QUEUE_PAUSED" });
      await expect(pull().modifyLease(held, 5)).rejects.toMatchObject({ code: "QUEUE_PAUSED" });
      expect(await pull().acknowledge([held])).toMatchObject([{ acknowledged: true }]);
      await pull().resume();
      expect(await namesOf(second)).toEqual(["n2"]);
    });

    it("deletes by name, whoever holds the lease, who then learns of it", async () => {
      await add({ name: "n1" });
      const held = await pull().lease(second);
      expect(await pull().delete(["n1"])).toEqual([{ name: "n1", deleted: true }]);
      expect(await pull().acknowledge(held)).toMatchObject([
        { error: { code: "TOMBSTONED_TASK" } },
      ]);
    });

    it("purged it has nothing left to lease", async () => {
      await add({ name: "n1" }, { name: "n2", tag: "A" });
      await pull().lease(second);
      await pull().purge();
      clock.now += 2000;
      expect(await namesOf({ leaseSeconds: 1, maxTasks: 10 })).toEqual([]);
      expect(await namesOf({ leaseSeconds: 1, maxTasks: 10, tag: "A" })).toEqual([]);
      await add({ name: "n3", tag: "A" });
      expect(await namesOf({ leaseSeconds: 1, maxTasks: 10, tag: "A" })).toEqual(["n3"]);
    });

    it("redriven, a task that had all its leases is leased anew, by its tag too", async () => {
      const twice = queue("pull-twice");
      await twice.add({ name: "n1", payload: "", tag: "A", retry: { limit: 1 } });
      await twice.lease(second);
      clock.now += 1001;
      expect(await twice.lease(second)).toEqual([]);
      expect(await twice.redrive(["n1"])).toEqual([{ name: "n1", redriven: true }]);
      clock.now += 1;
      expect(await twice.lease({ ...second, tag: "A" })).toMatchObject([{ retryCount: 1 }]);
    });

    it("rescheduled, a task waits for its new time; a leased one is not rescheduled", async () => {
      await add({ name: "n1", tag: "A" });
      const [held] = (await pull().lease(second)) as [Task];
      await expect(pull().reschedule("n1", { countdown: 5 })).rejects.toThrow('"leased"');
      await pull().modifyLease(held, 0);
      expect(await pull().reschedule("n1", { countdown: 5 })).toMatchObject({
        state: "scheduled",
        retryCount: 1,
        eta: at(5),
      });
      clock.now += 5000;
      expect(await namesOf({ ...second, tag: "A" })).toEqual([]);
      clock.now += 1;
      expect(await namesOf({ ...second, tag: "A" })).toEqual(["n1"]);
      await expect(pull().run("n1")).rejects.toMatchObject({ code: "WRONG_QUEUE_MODE" });
    });

    it("counts leases as executed, and live ones as in flight", async () => {
      await add({ name: "n1" }, { name: "n2" }, { name: "n3" });
      await pull().lease({ leaseSeconds: 10, maxTasks: 2 });
      const { statistics } = await pull().describe();
      expect(statistics).toMatchObject({ tasks: 3, executedLastMinute: 2, inFlight: 2 });
      expect((await pull().list({ state: "leased" })).tasks.map(({ name }) => name)).toEqual([
        "n1",
        "n2",
      ]);
    });

    it("is not leased from when it pushes, and not pushed to when it is leased from", async () => {
      const wrong = { code: "WRONG_QUEUE_MODE" };
      await expect(queue("push").lease(second)).rejects.toMatchObject(wrong);
      await expect(queue("push").acknowledge([])).rejects.toMatchObject(wrong);
      await expect(queue("push").modifyLease({ name: "a", lease: "b" }, 1)).rejects.toMatchObject(
        wrong,
      );
      await expect(pull().add({ method: "POST", payload: "" })).rejects.toMatchObject(wrong);
    });
  });

  describe("waiting for a task", () => {
    it("ends with the next add", async () => {
      const waiting = pull().lease({ leaseSeconds: 10, maxTasks: 5, waitSeconds: 60 });
      await add({ name: "n1" });
      expect(await waiting).toMatchObject([{ name: "n1", state: "leased" }]);
    });

    it("serves those who wait in their order, and by their tags", async () => {
      const wait = { leaseSeconds: 10, maxTasks: 1, waitSeconds: 60 };
      const served: string[] = [];
      const arrived = vi.spyOn(Leasing.prototype, "lease");
      onTestFinished(() => arrived.mockRestore());
      // Each is in line before the next one asks.
      const inLine = async (who: string, request: LeaseRequest) => {
        const before = arrived.mock.calls.length;
        const got = pull().lease(request);
        await until(() => arrived.mock.calls.length === before + objectsOf("pull").length);
        return { got: got.then((tasks) => served.push(`${who} ${tasks[0]?.name}`)) };
      };
      const blue = await inLine("blue", { ...wait, tag: "blue" });
      const first = await inLine("first", wait);
      const next = await inLine("next", wait);
      await add({ name: "n1" });
      await first.got;
      await add({ name: "n2", tag: "red" });
      await next.got;
      await add({ name: "n3", tag: "blue" });
      await blue.got;
      expect(served).toEqual(["first n1", "next n2", "blue n3"]);
    });

    it("ends when a task's time comes, when a lease runs out and when one is given back", async () => {
      await add({ name: "n1", countdown: 0.02 });
      const wait = { leaseSeconds: 0.02, maxTasks: 1, waitSeconds: 60 };
      const first = pull().lease(wait);
      clock.now += 21;
      expect(await first).toMatchObject([{ name: "n1", retryCount: 1 }]);
      const again = pull().lease({ ...wait, leaseSeconds: 100 });
      clock.now += 21;
      const [held] = (await again) as [Task];
      expect(held).toMatchObject({ name: "n1", retryCount: 2 });
      const third = pull().lease(wait);
      await pull().modifyLease(held, 0);
      expect(await third).toMatchObject([{ name: "n1", retryCount: 3 }]);
    });

    it("ends with nothing when its time is up", async () => {
      let got: Task[] | undefined;
      void pull()
        .lease({ leaseSeconds: 10, maxTasks: 1, waitSeconds: 0.02 })
        .then((tasks) => {
          got = tasks;
        });
      await until(() => {
        clock.now += 20;
        return got !== undefined;
      });
      expect(got).toEqual([]);
    });
  });

  describe("a lease that is asked for wrongly", () => {
    it.each([
      [{ maxTasks: 0 }, "INVALID_REQUEST", "maxTasks: found 0"],
      [{ maxTasks: 1001 }, "INVALID_REQUEST", "maxTasks: found 1001"],
      [{ maxTasks: 1.5 }, "INVALID_REQUEST", "maxTasks: found 1.5"],
      [{ maxTasks: undefined }, "INVALID_REQUEST", "maxTasks"],
      [{ leaseSeconds: -1 }, "INVALID_LEASE_TIME", "leaseSeconds: found -1"],
      [{ leaseSeconds: 604_801 }, "INVALID_LEASE_TIME", "leaseSeconds: found 604801"],
      [{ leaseSeconds: "5" }, "INVALID_LEASE_TIME", 'leaseSeconds: found "5"'],
      [{ tag: "" }, "INVALID_REQUEST", "tag"],
      [{ tag: "a", oldestTag: true }, "INVALID_REQUEST", "not both"],
      [{ waitSeconds: 61 }, "INVALID_REQUEST", "waitSeconds: found 61"],
      [{ seconds: 1 }, "INVALID_REQUEST", "leaseSeconds, maxTasks"],
    ])("%j is refused as %s", async (wrong, code, fragment) => {
      await add({ name: "n1" });
      const asking = pull().lease({ ...second, ...wrong } as typeof second);
      await expect(asking).rejects.toMatchObject({ code });
      await expect(asking).rejects.toThrow(fragment);
      expect(await pull().get("n1")).toMatchObject({ retryCount: 0 });
    });
  });
});
