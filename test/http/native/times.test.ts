// An instant that can be no task's, through every door that takes one.
import { beforeEach, describe, expect, it } from "vitest";
import { call } from "../../support/http.ts";
import { freshStart, queue } from "../../support/time.ts";

beforeEach(freshStart);

interface Time {
  eta?: string;
  countdown?: number | string;
}

const DOORS: [door: string, send: (time: Time) => Promise<[number, Record<string, unknown>]>][] = [
  ["a task", (time) => call("POST", "/queues/stopped/tasks", time)],
  ["a batch", (time) => call("POST", "/queues/stopped/tasks", { tasks: [{}, time] })],
  [
    "the query of a form",
    (time) => call("POST", `/queues/stopped/tasks?${new URLSearchParams(time as never)}`),
  ],
  ["a pull task", (time) => call("POST", "/queues/pull/tasks", { payload: "", ...time })],
  [":reschedule", (time) => call("POST", "/queues/brief/tasks/there:reschedule", time)],
  [
    "a group's subtask",
    (time) => call("POST", "/groups", { tasks: [{ queue: "stopped", ...time }] }),
  ],
  [
    "a group's last task",
    (time) => call("POST", "/groups", { tasks: [], then: { queue: "stopped", ...time } }),
  ],
];

const BAD: Time[] = [
  { eta: "1969-12-31T23:59:59.999Z" },
  { eta: "1970-01-01T00:00:00+00:01" },
  { eta: "0000-01-01T00:00:00Z" },
  { eta: "0001-01-01T00:00:00Z" },
  { eta: "+10000-01-01T00:00:00Z" },
  { eta: "9999-12-31T23:59:59Z" },
  { eta: "tomorrow" },
  { countdown: -2_600_000_000 },
  { countdown: -1e300 },
  { countdown: 2_592_001 },
  { countdown: 1e300 },
  { countdown: "1e400" },
  { countdown: "-1e400" },
];

describe.each(DOORS)("in %s", (_, send) => {
  it.each(BAD)("%j is refused as INVALID_ETA", async (time) => {
    await queue("brief").add({ name: "there", countdown: 60 });
    const [status, { error }] = await send(time);
    expect([status, (error as { code: string }).code]).toEqual([400, "INVALID_ETA"]);
    expect((await queue("stopped").describe()).statistics.tasks).toBe(0);
  });

  it.each([{ eta: "1970-01-01T00:00:00Z" }, { countdown: -1e9 }])("%j is past", async (time) => {
    await queue("brief").add({ name: "there", countdown: 60 });
    expect((await send(time))[0]).toBeLessThan(300);
  });
});

describe("the TypeScript client", () => {
  it.each([
    { eta: new Date(Number.NaN) },
    { eta: new Date(-1) },
    { eta: new Date(8.64e15) },
    { countdown: Number.POSITIVE_INFINITY },
    { countdown: Number.NEGATIVE_INFINITY },
  ])("refuses %j as InvalidEtaError in every call that takes it", async (time) => {
    const q = queue("stopped");
    await q.add({ name: "there" });
    const calls = [
      () => q.add(time),
      () => q.add([time]),
      () => q.reschedule("there", time),
      () => q.group({ tasks: [time] }),
    ];
    for (const refused of calls) {
      await expect(refused(), String(refused)).rejects.toMatchObject({ name: "InvalidEtaError" });
    }
  });
});
