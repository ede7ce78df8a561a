// The lines of the log: every event at the front door, once, with its level and its fields.
import { beforeEach, describe, expect, it } from "vitest";
import type { LogLevel } from "../../../src/core/log-level.ts";
import { clock } from "../../support/clock.ts";
import { cron, deploy, passAll } from "../../support/cron.ts";
import { deployQueues } from "../../support/deploy.ts";
import { inject } from "../../support/faults.ts";
import { type Line, logged } from "../../support/log.ts";
import { crash, fire, freshStart, pass, queue, until } from "../../support/time.ts";
import { handlers, held } from "../../support/worker.ts";

beforeEach(freshStart);

const answers = (name: string, status: number, body = "") =>
  handlers.set(`/_ah/queue/${name}`, () => new Response(body, { status }));

interface Case {
  event: string;
  level: LogLevel;
  queue: string;
  happens: () => Promise<unknown>;
  fields: Record<string, unknown>;
}

const CASES: Case[] = [
  {
    event: "failed",
    level: "error",
    queue: "one-retry",
    happens: async () => {
      answers("one-retry", 500, "no room");
      await queue("one-retry").add({ name: "t", key: "acme" });
      await pass("one-retry", 10);
    },
    fields: { task: "t", attempt: 2, status: 500, error: "no room", runTime: 0, key: "acme" },
  },
  {
    event: "failed",
    level: "error",
    queue: "pull",
    happens: async () => {
      await queue("pull").add({ name: "t", payload: "x" });
      const [task] = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
      await queue("pull").fail(task as { name: string; lease: string }, "cannot");
    },
    fields: { task: "t", attempt: 1, error: "cannot", runTime: 0 },
  },
  {
    event: "failed",
    level: "error",
    queue: "pull-once",
    happens: async () => {
      await queue("pull-once").add({ name: "t", payload: "x" });
      for (let i = 0; i < 2; i++) {
        await queue("pull-once").lease({ leaseSeconds: 60, maxTasks: 1 });
        clock.now += 61_000;
      }
    },
    fields: { task: "t", attempt: 1, error: expect.stringContaining("lease"), runTime: 60 },
  },
  {
    event: "retried",
    level: "info",
    queue: "slow-retry",
    happens: async () => {
      handlers.set("/own", () => new Response("later", { status: 503 }));
      await queue("slow-retry").add({ name: "t", url: "/own?secret=1", method: "GET" });
      await pass("slow-retry", 1);
    },
    fields: {
      ...{ task: "t", attempt: 1, status: 503, error: "later", runTime: 0, url: "/own" },
      nextAttemptAt: "2050-01-01T00:00:10.000Z",
    },
  },
  {
    event: "cut_off",
    level: "warn",
    queue: "slow-retry",
    happens: async () => {
      const { started } = held("/_ah/queue/slow-retry");
      await queue("slow-retry").add({ name: "t", dispatchDeadline: 15 });
      await fire("slow-retry");
      await until(() => started() === 1);
      clock.now += 15_000;
      await queue("slow-retry").add({ name: "tick", countdown: 0 });
      await fire("slow-retry");
      await until(async () => (await queue("slow-retry").get("t")).state === "scheduled");
    },
    fields: { task: "t", attempt: 1, runTime: 15 },
  },
  {
    event: "expired",
    level: "warn",
    queue: "push",
    happens: async () => {
      await queue("push").pause();
      await queue("push").add({ name: "t", expires: 5 });
      await pass("push", 10);
    },
    fields: { task: "t" },
  },
  {
    event: "dead_lettered",
    level: "info",
    queue: "dead-letters",
    happens: async () => {
      answers("dead-letters", 500);
      await queue("dead-letters").add({ name: "t" });
      await pass("dead-letters", 20);
    },
    fields: { deadLetterQueue: "push", count: 1, tasks: ["t"] },
  },
  {
    event: "dead_letter_refused",
    level: "error",
    queue: "dead-letters",
    happens: async () => {
      answers("dead-letters", 500);
      await queue("dead-letters").add({ name: "t", payload: "x".repeat(102_390) });
      await pass("dead-letters", 20);
    },
    fields: { task: "t", deadLetterQueue: "push", error: expect.stringContaining("102400") },
  },
  {
    event: "changed",
    level: "info",
    queue: "push",
    happens: async () => {
      await queue("push").add({ countdown: 3600 });
      await deployQueues("  - { name: push, rate: 7/s }");
      await queue("push").describe();
    },
    fields: { by: "deploy", changes: expect.stringContaining("rate") },
  },
  {
    event: "resumed",
    level: "info",
    queue: "push",
    happens: async () => {
      await queue("push").add({ countdown: 3600 });
      await queue("push").pause();
      await deployQueues("  - { name: push, rate: 7/s }");
      await queue("push").describe();
    },
    fields: { by: "deploy", changes: "its configuration was deployed anew" },
  },
  {
    event: "cron_missed",
    level: "warn",
    queue: "push",
    happens: async () => {
      await deploy(
        "cron:\n- { description: tally, url: /tally, schedule: every 1 hours, extensions: { name: tally, queue: push } }",
      );
      clock.now += 5.5 * 3_600_000;
      await crash();
      await cron().wake();
      await passAll(0);
    },
    fields: { cron: "tally", count: 4, since: expect.stringMatching(/^2050-/) },
  },
  {
    event: "trouble",
    level: "error",
    queue: "push",
    happens: async () => {
      await queue("push").add({ name: "t" });
      const fault = await inject("push", { at: 1, kind: "throw" });
      await pass("push", 5);
      expect(fault.hit()).toBe(true);
    },
    fields: { error: expect.stringContaining("injected"), stack: expect.any(String) },
  },
  ...(["added", "started", "done"] as const).map((event) => ({
    event,
    level: "debug" as const,
    queue: "push",
    happens: async () => {
      await queue("push").add({ name: "t" });
      await pass("push", 1);
    },
    fields: {
      task: "t",
      ...(event !== "added" && { attempt: 1 }),
      ...(event === "started" && { lateness: 0 }),
      ...(event === "done" && { status: 200, runTime: 0 }),
    },
  })),
  {
    event: "leased",
    level: "debug",
    queue: "pull",
    happens: async () => {
      await queue("pull").add({ name: "t", payload: "x" });
      await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
    },
    fields: { task: "t", attempt: 1 },
  },
  {
    event: "deleted",
    level: "debug",
    queue: "push",
    happens: async () => {
      await queue("push").add({ name: "t", countdown: 60 });
      await queue("push").delete(["t"]);
    },
    fields: { task: "t" },
  },
  {
    event: "redriven",
    level: "debug",
    queue: "brief",
    happens: async () => {
      answers("brief", 500);
      await queue("brief").add({ name: "t" });
      await pass("brief", 1);
      await queue("brief").redrive(["t"]);
    },
    fields: { task: "t" },
  },
];

const levels: LogLevel[] = ["error", "warn", "info", "debug"];
const ofEvent = (lines: readonly Line[], event: string) =>
  lines.filter((line) => line.event === event);

describe("the log", () => {
  it.each(CASES)("has one line of $event on $queue, by $level", async (one) => {
    const lines = await logged("debug");
    await one.happens();
    const [line, ...more] = ofEvent(lines, one.event);
    const { message, ...said } = line ?? { message: "" };
    const { queue: of } = one.event === "trouble" ? { queue: undefined } : one;
    expect(said).toEqual({
      level: one.level,
      event: one.event,
      ...(of && { queue: of }),
      ...one.fields,
    });
    expect(message).toMatch(/\w+ \w+/);
    expect(more).toEqual([]);
  });

  it.each(CASES.filter(({ level }) => level !== "error"))(
    "has none of $event on $queue at the level before $level",
    async (one) => {
      const lines = await logged(levels[levels.indexOf(one.level) - 1] as LogLevel);
      await one.happens();
      expect(ofEvent(lines, one.event)).toEqual([]);
    },
  );

  it("has no line of what was rolled back, and one once it is written", async () => {
    const lines = await logged("info");
    answers("one-retry", 500);
    await queue("one-retry").add({ name: "t", retry: { limit: 0 } });
    // Whatever step it is that fails: the end of the attempt is written again.
    for (let at = 1; at < 12; at++) {
      const fault = await inject("one-retry", { at, kind: "throw" });
      await pass("one-retry", 5);
      fault.stop();
    }
    await pass("one-retry", 60);
    expect(ofEvent(lines, "failed")).toHaveLength(1);
  });

  it("says of a storm how many had no line, and loses none", async () => {
    const lines = await logged("info");
    answers("brief", 500);
    const tasks = Array.from({ length: 70 }, (_, i) => ({ name: `t${i}` }));
    await queue("brief").add(tasks);
    await pass("brief", 0.5);
    clock.now += 1000;
    await queue("brief").add({ name: "later", countdown: 60 });
    const failed = ofEvent(lines, "failed");
    const more = ofEvent(lines, "more");
    expect(failed.length).toBeLessThanOrEqual(40);
    expect(more.length).toBeLessThanOrEqual(2);
    const left = more.reduce((sum, line) => sum + Number(line.failed), 0);
    expect(failed.length + left).toBe(70);
    expect(more[0]).toMatchObject({ level: "error", queue: "brief" });
  });

  it("has nothing of a payload, a header, a query or another server's path", async () => {
    const lines = await logged("debug");
    handlers.set("/h", () => new Response(null, { status: 500 }));
    const secret = "s3cr3t";
    await queue("brief").add([
      { url: "/h", payload: secret, headers: { "X-Own": secret } },
      { url: "/h", method: "GET", params: { a: secret } },
      { url: `/h?a=${secret}`, method: "GET" },
      { url: `https://hooks.example.com/${secret}?a=${secret}`, payload: secret, countdown: 600 },
    ]);
    await pass("brief", 5);
    expect(lines.length).toBeGreaterThan(8);
    expect(JSON.stringify(lines)).not.toContain(secret);
  });
});
