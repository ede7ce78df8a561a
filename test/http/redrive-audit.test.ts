// A redrive at a rate in the audit and in the log: who, of what, at which rate, and once it has ended how many.
import { beforeEach, describe, expect, it } from "vitest";
import { TaskDirectoryObject } from "../../src/objects/directory/task-directory.ts";
import { call } from "../support/http.ts";
import { logged } from "../support/log.ts";
import { crash, freshStart, pass, queue } from "../support/time.ts";
import { handlers } from "../support/worker.ts";

beforeEach(freshStart);

const Q = "one-retry";

async function failed(names: readonly string[]): Promise<void> {
  handlers.set("/fails", () => new Response("no", { status: 500 }));
  await queue(Q).add(names.map((name) => ({ name, url: "/fails", retry: { limit: 0 } })));
  await pass(Q, 1);
  handlers.clear();
}

async function audit() {
  const [, { entries }] = await call("GET", "/audit");
  return (entries as Record<string, unknown>[]).map(({ at: _, ...entry }) => entry);
}

const begin = (rate: string) => call("POST", `/queues/${Q}/tasks:redrive`, { all: true, rate });

describe("a redrive at a rate", () => {
  it("has an entry of its own, which says how many once it has ended", async () => {
    const lines = await logged("info");
    await failed(["a", "b", "c"]);
    await begin("1/s");
    const entry = { who: "loopback", what: "redrive", queue: Q, name: "all at 1/s", acts: 1 };
    expect(await audit()).toEqual([{ ...entry, count: 0, outcome: "unknown" }]);
    await pass(Q, 10);
    expect(await audit()).toEqual([{ ...entry, count: 3, outcome: "done" }]);
    // Another within the minute.
    await begin("2/s");
    await pass(Q, 10);
    expect(await audit()).toMatchObject([
      { name: "all at 2/s", count: 0, outcome: "done" },
      { name: "all at 1/s", count: 3, outcome: "done" },
    ]);
    const ended = lines.filter(({ event }) => event === "redrive_ended");
    expect(ended).toMatchObject([
      { level: "info", queue: Q, state: "done", rate: "1/s", count: 3, by: "loopback" },
      { rate: "2/s", count: 0 },
    ]);
  });

  it("that is stopped says so, with who did", async () => {
    await failed(["a", "b", "c"]);
    const [, { id }] = await begin("1/m");
    await pass(Q, 1);
    await call("POST", `/queues/${Q}/redrives/${id}:cancel`);
    await pass(Q, 1);
    expect(await audit()).toMatchObject([
      { what: "redrive_cancel", name: id, outcome: "done" },
      { what: "redrive", count: 1, outcome: "done" },
    ]);
  });

  it("is told again where the answer was lost, and counts once", async () => {
    await failed(["a", "b"]);
    await begin("none");
    const { endAct } = TaskDirectoryObject.prototype;
    let lost = 0;
    TaskDirectoryObject.prototype.endAct = async function (...args) {
      await endAct.apply(this, args);
      if (args[1].isLong && lost++ < 2) throw new Error("lost by the test");
    };
    try {
      await pass(Q, 5);
      await crash();
      await pass(Q, 60);
    } finally {
      TaskDirectoryObject.prototype.endAct = endAct;
    }
    expect(lost).toBe(3);
    expect(await audit()).toMatchObject([{ count: 2, acts: 1, outcome: "done" }]);
  });

  it("that a Worker's own code begins has none", async () => {
    await failed(["a"]);
    await queue(Q).startRedrive({ rate: "1/s" });
    await pass(Q, 5);
    expect(await audit()).toEqual([]);
  });
});
