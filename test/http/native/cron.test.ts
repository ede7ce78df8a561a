// Recurring tasks over HTTP.
import { beforeEach, describe, expect, it } from "vitest";
import { START } from "../../support/clock.ts";
import { deploy, passAll, ran } from "../../support/cron.ts";
import { call } from "../../support/http.ts";
import { freshStart } from "../../support/time.ts";

beforeEach(async () => {
  await freshStart();
  await deploy("cron: [{url: /tally, schedule: every 1 hours}]");
});

const NEXT = new Date(START + 3_600_000).toISOString();
const TALLY = {
  ...{ name: "tally", url: "/tally", schedule: "every 1 hours", timezone: "UTC" },
  ...{ queue: "default", retry: { limit: 0 }, added: 0, missed: 0 },
};

describe("/_ah/api/cron", () => {
  it("lists the entries with their next and last runs", async () => {
    expect(await call("GET", "/cron")).toEqual([
      200,
      { cron: [{ ...TALLY, state: "running", nextRun: NEXT }] },
    ]);
    await passAll(3600);
    const [, { cron }] = await call("GET", "/cron");
    expect(cron).toMatchObject([
      { lastRun: { task: "cron-tally-2050-01-01T01-00-00Z", queue: "default", dueAt: NEXT } },
    ]);
  });

  it(":run adds a task and answers it", async () => {
    const [status, task] = await call("POST", "/cron/tally:run");
    expect([status, task]).toMatchObject([200, { queue: "default", cron: "tally", state: "due" }]);
    await passAll(0);
    expect(ran()).toEqual([task.name]);
    expect(await call("GET", `/queues/default/tasks/${task.name}`)).toMatchObject([
      200,
      { state: "done" },
    ]);
  });

  it(":pause and :resume answer the entry", async () => {
    expect(await call("POST", "/cron/tally:pause")).toEqual([200, { ...TALLY, state: "paused" }]);
    await passAll(3600);
    expect(ran()).toEqual([]);
    const [status, entry] = await call("POST", "/cron/tally:resume");
    expect([status, entry]).toMatchObject([200, { state: "running" }]);
  });

  it.each(["run", "pause", "resume"])(
    ":%s of an entry that is not there is refused",
    async (verb) => {
      const message = 'cron: there is no entry "other"; cron.yaml has tally';
      expect(await call("POST", `/cron/other:${verb}`)).toEqual([
        404,
        { error: { code: "UNKNOWN_CRON", message } },
      ]);
    },
  );
});
