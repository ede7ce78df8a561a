// Removing a queue: its tasks count as deleted for whoever waits for them, nothing of it stays, and what a
// crash interrupts is finished at the next start.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { readTask } from "../../../src/index.ts";
import { TaskDirectoryObject } from "../../../src/objects/directory/task-directory.ts";
import type { DirectoryRpc } from "../../../src/objects/rpc.ts";
import { clock } from "../../support/clock.ts";
import { inject } from "../../support/faults.ts";
import { STRIDE } from "../../support/histories.ts";
import {
  alarmOf,
  crash,
  DIRECTORY,
  fire,
  freshStart,
  groupObject,
  objectOf,
  queue,
  until,
} from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { group, handlers, held, received } from "../../support/worker.ts";

beforeEach(freshStart);

const made = () => queue("made");
const groupOf = (name: string) => group(env, name);
const stateOf = async (name: string) => (await groupOf(name).progress()).state;
const paths = () => received.map(({ url }) => url.pathname);

async function isListed(): Promise<boolean> {
  return (objectOf(DIRECTORY) as unknown as DirectoryRpc).isKnown("made");
}

/** What is left in the tables of the queue's object, without the schema's version. */
async function rowsLeft(): Promise<Record<string, number>> {
  return runInDurableObject(objectOf("made"), (_, { storage }) => {
    const count = (table: string) =>
      storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one().n as number;
    const tables = ["tasks", "names", "failed", "tags", "results", "outbox", "accepted_groups"];
    const values = storage.sql.exec("SELECT count(*) AS n FROM meta WHERE key <> 'schema'").one();
    const counts = tables.map((table) => [table, count(table)] as const);
    return Object.fromEntries(
      [...counts, ["meta", values.n as number] as const].filter(([, n]) => n > 0),
    );
  });
}

describe("a removed queue under a group's subtasks", () => {
  it("counts them as deleted: the group ends, and `then` follows", async () => {
    await made().define({ rate: 0 });
    const tasks = [{ queue: "made" }, { queue: "push" }];
    await queue("push").group({
      name: "g",
      tasks,
      onFailure: 2,
      then: { queue: "push", url: "/then" },
    });
    await work(
      ["push", "made", groupObject("g")],
      async () => (await groupOf("g").progress()).done === 1,
    );
    await made().remove();
    await work(["push", groupObject("g")], () => paths().includes("/then"));
    expect(await groupOf("g").progress()).toMatchObject({ state: "done", done: 1, deleted: 1 });
  });

  it("counts one that is with its handler, too", async () => {
    const { started, answer } = held("/_ah/queue/made");
    await made().define({ rate: "5/s" });
    await queue("push").group({ name: "g", tasks: [{ queue: "made" }] });
    await work(["made", groupObject("g")], () => started() === 1);
    await made().remove();
    answer(0, 200);
    await work(["made", groupObject("g")], async () => (await stateOf("g")) === "failed");
    expect(await groupOf("g").progress()).toMatchObject({ deleted: 1, done: 0 });
  });

  it("fails the master, which does not wait for ever", async () => {
    await made().define({ rate: 0 });
    handlers.set("/m", async (request) => {
      const task = await readTask(request);
      await queue("push").group({ master: task, tasks: [{ queue: "made" }] });
      return new Response();
    });
    await queue("one-retry").add({ name: "m", url: "/m" });
    const names = ["one-retry", "made", groupObject("one-retry-m")];
    await work(names, async () => (await queue("one-retry").get("m")).state === "waiting");
    await made().remove();
    await work(names, async () => (await queue("one-retry").get("m")).state === "failed");
  });

  it("can be cancelled to its end, though the queue is gone", async () => {
    await made().define({ rate: 0 });
    await queue("push").group({ name: "g", tasks: [{ queue: "made" }, { queue: "stopped" }] });
    await work(["made", "stopped", groupObject("g")], async () => {
      const [{ tasks: there = [] }] = [await made().list()];
      return there.length === 1 && (await queue("stopped").list()).tasks.length === 1;
    });
    await made().remove();
    await groupOf("g").cancel();
    await work(["stopped", groupObject("g")], async () => (await stateOf("g")) === "cancelled");
    expect(await groupOf("g").progress()).toMatchObject({ deleted: 2 });
  });

  it("fails a subtask whose batch had not reached it, with the reason", async () => {
    await made().define({ rate: 0 });
    await queue("push").group({ name: "g", tasks: [{ queue: "made" }] });
    await made().remove();
    await work([groupObject("g")], async () => (await stateOf("g")) === "failed");
    const { results } = await groupOf("g").resultPage();
    expect(results).toMatchObject([{ state: "failed", error: expect.stringContaining('"made"') }]);
    expect(await isListed()).toBe(false);
  });

  it("refuses a `then` with the reason, and does not come back", async () => {
    await made().define({ rate: "10/s" });
    const then = { queue: "made", name: "zt" };
    await queue("push").group({ name: "g", tasks: [{ queue: "push", countdown: 3 }], then });
    await made().remove();
    await work(["push", groupObject("g")], async () => {
      const progress = await groupOf("g").progress();
      return progress.then?.error !== undefined;
    });
    expect(await groupOf("g").progress()).toMatchObject({
      state: "done",
      then: { queue: "made", error: 'queue: there is no queue "made" any more' },
    });
    await expect(made().describe()).rejects.toMatchObject({ code: "UNKNOWN_QUEUE" });
    await expect(made().add({})).rejects.toMatchObject({ code: "UNKNOWN_QUEUE" });
  });
});

describe("a removal", () => {
  it("answers whoever waits for a result: the task was deleted", async () => {
    await made().define({ rate: 0, extensions: { keep_results: true } });
    await made().add({ name: "a" });
    const waiting = made().result("a", { timeout: 50 });
    const refused = expect(waiting).rejects.toThrow("was deleted");
    await until(async () => (await made().describe()).statistics.tasks === 1);
    await made().remove();
    await refused;
  });

  it("that could not be written leaves whoever waits for a result waiting", async () => {
    let written = false;
    for (let at = 1; !written; at++) {
      await freshStart();
      await made().define({ rate: "5/s", extensions: { keep_results: true } });
      await made().add({ name: "a" });
      const waiting = made().result("a", { timeout: 50 });
      waiting.catch(() => {});
      await until(async () => (await made().describe()).statistics.tasks === 1);
      await inject("made", { at, kind: "throw" });
      written = await made()
        .remove()
        .then(
          () => true,
          () => false,
        );
      if (written) await expect(waiting).rejects.toThrow("was deleted");
      else {
        await work(["made"], async () => (await made().get("a")).state === "done");
        expect({ at, result: await waiting }).toEqual({ at, result: "ok" });
      }
    }
  }, 60_000);

  it("leaves no row behind, and no alarm", async () => {
    await made().define({ rate: "1/m", bucket_size: 1 });
    await made().add([{ name: "a" }, { name: "b" }, {}]);
    await made().remove();
    expect(await rowsLeft()).toEqual({});
    clock.now += 600_000;
    await runDurableObjectAlarm(objectOf("made"));
    expect(await alarmOf("made")).toBeNull();
    expect(received).toHaveLength(0);
  });

  it("refuses an add that was on its way, and makes no ghost", async () => {
    await made().define({ rate: "1/m" });
    await made().remove();
    const object = objectOf("made") as unknown as { add(calls: object[]): Promise<object[]> };
    const [answer] = await object.add([{ tasks: [{}], atomic: false }]);
    expect(answer).toMatchObject({ failure: { code: "UNKNOWN_QUEUE" } });
    expect(await isListed()).toBe(false);
  });

  it.each([["throw"], ["kill"]] as const)(
    "is finished at the next start, whatever step fails (%s)",
    async (kind) => {
      for (let at = kind === "throw" ? 1 : 2, reached = true; reached; at += STRIDE) {
        await freshStart();
        await made().define({ rate: 0 });
        await queue("push").group({ name: "g", tasks: [{ queue: "made" }] });
        const names = ["made", groupObject("g")];
        await work(names, async () => (await made().list()).tasks.length === 1);
        const fault = await inject("made", { at, kind });
        const answered = await made()
          .remove()
          .then(
            () => true,
            () => false,
          );
        reached = fault.hit();
        await crash();
        // A removal that was never begun is asked for again, as its caller would.
        const isThere = await made()
          .describe()
          .then(
            ({ state }) => state === "paused",
            () => false,
          );
        if (!answered && isThere) await made().remove();
        await work(names, async () => {
          const isGone = !(await isListed()) && Object.keys(await rowsLeft()).length === 0;
          return isGone && (await stateOf("g")) === "failed";
        });
      }
    },
    120_000,
  );

  it("is finished though the directory did not answer at first", async () => {
    await made().define({ rate: 0 });
    await made().add({ name: "a" });
    const fault = failsOnce("unregister");
    await made().remove();
    expect(fault).toHaveBeenCalled();
    await crash();
    await fire("made");
    await until(async () => !(await isListed()));
    expect(await rowsLeft()).toEqual({});
  });

  it("that is under way lets the queue be made again", async () => {
    await made().define({ rate: 0 });
    await made().add({ name: "a" });
    failsOnce("unregister");
    await made().remove();
    await made().define({ rate: "5/s" });
    expect((await made().describe()).statistics.tasks).toBe(0);
    await made().add({ name: "a" });
    await work(["made"], async () => (await made().get("a")).state === "done");
    expect(await isListed()).toBe(true);
  });
});

it("a queue that was made and not yet listed is listed by its alarm", async () => {
  failsOnce("register");
  await made()
    .define({ rate: "5/s" })
    .catch(() => {});
  await fire("made");
  await until(isListed);
  expect(await made().describe()).toMatchObject({ rate: "5/s" });
});

/** The directory cannot do this the next time it is asked to. */
function failsOnce(call: "register" | "unregister") {
  const spy = vi.spyOn(TaskDirectoryObject.prototype, call);
  onTestFinished(() => spy.mockRestore());
  return spy.mockRejectedValueOnce(new Error("injected"));
}
