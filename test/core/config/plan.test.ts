import { describe, expect, it } from "vitest";
import type { CronView } from "../../../src/core/config/cron-view.ts";
import { parseCronYaml } from "../../../src/core/config/cron-yaml.ts";
import { planOf } from "../../../src/core/config/plan.ts";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import type { PresentQueue } from "../../../src/core/config/queue-plan.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";

const NOW = Date.UTC(2026, 0, 1);
const DUE = { tasks: 600, due: 600, runTime: null };

function queue(entry: string, extra: Partial<PresentQueue> = {}): PresentQueue {
  const { queues } = parseQueueYaml(`queue: [${entry}]`);
  const config = [...queues.values()].at(-1) as QueueConfig;
  return { config, origin: "file", isPaused: false, backlog: DUE, ...extra };
}

/** The plan for the queue `q` that has the first entry now, and would have the second. */
function planned(before: PresentQueue, after: string, top = "") {
  const isInFile = before.origin === "file";
  const file = parseQueueYaml("queue:");
  const queues = new Map(file.queues);
  if (isInFile) queues.set("q", before.config);
  const present = { file: { ...file, queues }, queues: [before], cron: [], now: NOW };
  const { queues: plans, ...rest } = planOf(present, {
    queues: parseQueueYaml(`${top}\nqueue: [${after}]`),
  });
  return { ...rest, queue: plans.find(({ name }) => name === "q") };
}

const BASE = "name: q, rate: 10/s";
const DEAD = "{name: dead, rate: 1/s}";

describe("what becomes of the tasks on a queue", () => {
  it.each<[what: string, before: string, after: string, kinds: string[], lost: boolean]>([
    ["nothing changes", BASE, `{${BASE}}`, [], false],
    ["another rate", BASE, "{name: q, rate: 20/s}", [], false],
    ["rate 0", BASE, "{name: q, rate: 0/s}", ["stops"], true],
    ["a rate again", "name: q, rate: 0/s", `{${BASE}}`, ["starts"], false],
    ["it goes", BASE, "", ["stops"], true],
    ["push to pull", BASE, "{name: q, mode: pull}", ["mode"], true],
    ["pull to push", "name: q, mode: pull", `{${BASE}}`, ["mode"], true],
    [
      "a first limit of retries",
      BASE,
      `{${BASE}, retry_parameters: {task_retry_limit: 3}}`,
      ["givesUpEarlier"],
      true,
    ],
    [
      "a lower limit and a lower age",
      `${BASE}, retry_parameters: {task_retry_limit: 3, task_age_limit: 2d}`,
      `{${BASE}, retry_parameters: {task_retry_limit: 2, task_age_limit: 1d}}`,
      ["givesUpEarlier", "givesUpEarlier"],
      true,
    ],
    [
      "a higher limit",
      `${BASE}, retry_parameters: {task_retry_limit: 3}`,
      `{${BASE}, retry_parameters: {task_retry_limit: 4}}`,
      [],
      false,
    ],
    [
      "a lower age by extension",
      `${BASE}, retry_parameters: {task_age_limit: 1d}`,
      `{${BASE}, extensions: {task_age_limit: 1.5}}`,
      ["givesUpEarlier"],
      true,
    ],
    ["more shards", BASE, `{${BASE}, extensions: {shards: 4}}`, ["reshards"], false],
    ["fewer names taken", BASE, `{${BASE}, extensions: {tombstone_ttl: 1h}}`, [], false],
  ])("%s", (_, before, after, kinds, lost) => {
    const plan = planned(queue(`{${before}}`), after);
    expect(plan.lost).toBe(lost);
    expect(plan.queue?.effects.map(({ kind }) => kind) ?? []).toEqual(kinds);
    for (const { tasks } of plan.queue?.effects ?? []) expect(tasks).toBe(600);
  });

  it("of a dead-letter queue that goes, and of one that is another", () => {
    const before = queue(`${DEAD}, {${BASE}, extensions: {failed_queue: dead}}`);
    const gone = planned(before, `{${BASE}}`);
    expect(gone.lost).toBe(true);
    expect(gone.queue?.effects).toMatchObject([{ kind: "deadLettersStay", tasks: 600 }]);
    const other = "{name: other, rate: 1/s}";
    const moved = planned(before, `${other}, {${BASE}, extensions: {failed_queue: other}}`);
    expect(moved).toMatchObject({ lost: false, queue: { effects: [] } });
  });

  it("is lost only where there are tasks", () => {
    const empty = { tasks: 0, due: 0, runTime: null };
    const plan = planned(queue(`{${BASE}}`, { backlog: empty }), "");
    expect(plan).toMatchObject({ lost: false, queue: { change: "removed" } });
  });

  it("a deploy resumes what was paused by hand, unless the file says not to", () => {
    const paused = queue(`{${BASE}}`, { isPaused: true });
    const change = "{name: q, rate: 20/s}";
    expect(planned(paused, change).queue?.effects).toMatchObject([{ kind: "resumes" }]);
    expect(planned(paused, change, "resume_paused_queues: false").queue?.effects).toEqual([]);
  });
});

describe("how long what is due takes", () => {
  it.each<[before: string, after: string, runTime: number | null, seconds: unknown]>([
    [BASE, "{name: q, rate: 20/s}", null, { before: 60, after: 30 }],
    [BASE, "{name: q, rate: 0/s}", null, { before: 60, after: null }],
    [BASE, "", null, { before: 60, after: null }],
    [BASE, "{name: q, mode: pull}", null, { before: 60, after: null }],
    [BASE, `{${BASE}, max_concurrent_requests: 2}`, 1, { before: 60, after: 300 }],
    [BASE, "{name: q, extensions: {rate: none}}", 5, { before: 60, after: 3 }],
  ])("%s -> %s, attempts of %s s", (before, after, runTime, drainSeconds) => {
    const backlog = { tasks: 1000, due: 600, runTime };
    const plan = planned(queue(`{${before}}`, { backlog }), after);
    expect(plan.queue?.backlog).toEqual({ tasks: 1000, due: 600, drainSeconds });
  });

  it("by the limits it shares", () => {
    const top = "extensions: {limits: {stripe: {rate: 2/s}}}";
    const plan = planned(queue(`{${BASE}}`), `{${BASE}, extensions: {limits: [stripe]}}`, top);
    expect(plan.queue?.backlog?.drainSeconds).toEqual({ before: 60, after: 300 });
    expect(plan.limits).toEqual([
      {
        ...{ name: "stripe", change: "new" },
        changes: [
          { key: "rate", before: "none", after: "2/s" },
          { key: "bucket_size", before: "none", after: "5" },
        ],
      },
    ]);
  });
});

describe("whose a queue is", () => {
  it.each<[PresentQueue["origin"], string, string | undefined, number]>([
    ["file", `{${BASE}}`, undefined, 0],
    ["api", "", undefined, 1],
    ["api", `{${BASE}}`, "taken", 0],
    ["nowhere", "", undefined, 1],
    ["nowhere", `{${BASE}}`, "returns", 0],
  ])("%s, and the file has %j", (origin, after, change, untouched) => {
    const plan = planned(queue(`{${BASE}}`, { origin }), after);
    expect(plan.queue?.change).toBe(change);
    expect(plan.untouched).toBe(untouched);
  });

  it("new ones, and the keys that change", () => {
    const plan = planned(
      queue(`{${BASE}}`),
      "{name: q, rate: 5/m, target: api}, {name: r, rate: 1/s}",
    );
    expect(plan.queue?.changes).toEqual([
      { key: "rate", before: "10/s", after: "5/m" },
      { key: "target", before: "none", after: "api" },
    ]);
    const file = parseQueueYaml("queue:");
    const present = { file, queues: [], cron: [], now: NOW };
    const { queues, unchanged } = planOf(present, { queues: parseQueueYaml(`queue: [${DEAD}]`) });
    expect(queues).toEqual([{ name: "dead", change: "new", changes: [], effects: [] }]);
    expect(unchanged).toBe(1);
  });

  it("thousands of queues are as many look-ups", () => {
    const entries = Array.from({ length: 3000 }, (_, i) => `{name: q${i}, rate: 1/s}`);
    const before = parseQueueYaml(`queue: [${entries.join()}]`);
    const queues = [...before.queues.values()].map((config): PresentQueue => {
      return { config, origin: "file", isPaused: false, backlog: DUE };
    });
    const after = parseQueueYaml(`queue: [${entries.slice(1).join()}]`);
    const plan = planOf({ file: before, queues, cron: [], now: NOW }, { queues: after });
    expect(plan).toMatchObject({ lost: true, unchanged: 3000, untouched: 0 });
    expect(plan.queues.map(({ name }) => name)).toEqual(["q0"]);
  });
});

it("keys at the top of the file", () => {
  const plan = planned(queue(`{${BASE}}`), `{${BASE}}`, "total_storage_limit: 1M");
  expect(plan.file).toEqual([{ key: "total_storage_limit", before: "none", after: "1048576" }]);
});

describe("recurring tasks", () => {
  const view = (name: string, extra: Partial<CronView> = {}): CronView => ({
    ...{ name, url: `/${name}`, schedule: "every 5 mins", timezone: "UTC", queue: "default" },
    ...{ retry: { limit: 0 }, state: "running", nextRun: "2026-01-01T00:05:00.000Z" },
    ...{ added: 0, missed: 0 },
    ...extra,
  });

  function cronPlan(cron: CronView[], yaml: string) {
    const file = parseQueueYaml("queue:");
    const files = { queues: file, cron: parseCronYaml(yaml, file) };
    const { lost, cron: plans } = planOf({ file, queues: [], cron, now: NOW }, files);
    return { lost, plans };
  }

  it("come, go and change, with their next runs", () => {
    const yaml = `cron:
      - {url: /new, schedule: every 1 hours, extensions: {name: new}}
      - {url: /moved, schedule: every 10 mins, extensions: {name: moved}}
      - {url: /same, schedule: every 5 mins, extensions: {name: same}}`;
    const before = [view("gone"), view("moved"), view("same")];
    const nextRun = "2026-01-01T00:05:00.000Z";
    expect(cronPlan(before, yaml)).toEqual({
      lost: true,
      plans: [
        {
          ...{ name: "gone", change: "removed", changes: [], lost: true },
          nextRun: { before: nextRun, after: null },
        },
        {
          ...{ name: "moved", change: "changed", lost: false },
          changes: [{ key: "schedule", before: "every 5 mins", after: "every 10 mins" }],
          nextRun: { before: nextRun, after: "2026-01-01T00:10:00.000Z" },
        },
        {
          ...{ name: "new", change: "new", changes: [], lost: false },
          nextRun: { before: null, after: "2026-01-01T01:00:00.000Z" },
        },
      ],
    });
  });

  it("that are paused stay so", () => {
    const yaml = "cron: [{url: /p, schedule: every 1 mins, extensions: {name: p}}]";
    const { nextRun: _, ...paused } = view("p", { state: "paused" });
    expect(cronPlan([paused], yaml)).toMatchObject({
      lost: false,
      plans: [{ change: "changed", nextRun: { before: null, after: null } }],
    });
  });
});
