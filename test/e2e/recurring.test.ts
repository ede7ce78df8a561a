// A task every four seconds, on a server that is killed again and again around the due times.
import { join } from "node:path";
import { expect, it } from "vitest";
import { onWorkerd, ROOT, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import type { Task } from "../../src/core/task/task.ts";
import { temporaryDir } from "./support.ts";

const PERIOD_MS = 4000;
/** When the server is killed, before and after a due time. */
const OFFSETS_MS = [-200, -60, -20, 0, 5, 10, 20, 40, 80, 300];
const KILLS = OFFSETS_MS.length * Number(process.env.HISTORIES ?? 1);
/** Some kills keep the server down for longer than two periods, so that several due times are missed. */
const LONG_DOWN_MS = 2.05 * PERIOD_MS;
/** How late a busy machine may be with what is due, and how long after its first answer it catches up. */
const LATE_MS = 1000;
const CATCH_UP_MS = 500;

const options = {
  command: onWorkerd({ main: "worker.ts" }),
  cwd: join(ROOT, "test", "e2e", "recurring"),
};

/** From a kill to the first answer after it, in ms since 1970. */
interface Down {
  killedAt: number;
  startedAt: number;
  upAt: number;
}

it("killed ten times, each due time's task is added once, or of several that were missed the last", async () => {
  const stateDir = temporaryDir();
  const downs: Down[] = [];
  const log: string[] = [];
  let server = await startServer({ ...options, stateDir });
  try {
    await until("the first task", 20, async () => (await added(server)).length > 0);
    for (let kill = 0; kill < KILLS; kill++) {
      const offset = OFFSETS_MS[kill % OFFSETS_MS.length] as number;
      await sleepUntil(nextDue(Date.now() + 250 - offset) + offset);
      const killedAt = Date.now();
      await server.kill();
      log.push(...server.lines());
      if (kill % OFFSETS_MS.length === 4) await sleepUntil(killedAt + LONG_DOWN_MS);
      const startedAt = Date.now();
      server = await startServer({ ...options, stateDir });
      downs.push({ killedAt, startedAt, upAt: Date.now() });
    }
    const last = nextDue(Date.now());
    await until("the last of them done", 30, async () => {
      const tasks = await added(server);
      return tasks.some((it) => dueOf(it) >= last) && tasks.every(({ state }) => state === "done");
    });
    log.push(...server.lines());
    check(await added(server), downs, log);
  } finally {
    await server.stop();
  }
}, 420_000);

function check(tasks: readonly Task[], downs: readonly Down[], log: readonly string[]): void {
  const due = tasks.map(dueOf).sort((a, b) => a - b);
  const [first = 0, last = 0] = [due[0], due.at(-1)];
  expect(due.every((it) => it % PERIOD_MS === 0)).toBe(true);
  expect(new Set(due).size).toBe(due.length);
  for (let at = first; at <= last; at += PERIOD_MS) {
    // Missing are only those whose next due time had come before the server was up again.
    const isMissed = downs.some(
      ({ killedAt, upAt }) => killedAt <= at + LATE_MS && upAt + CATCH_UP_MS >= at + PERIOD_MS,
    );
    expect({ at, isMissed, isAdded: due.includes(at) }).not.toEqual({
      ...{ at, isMissed: false, isAdded: false },
    });
  }
  let longDowns = 0;
  for (const { killedAt, startedAt, upAt } of downs) {
    const missed = dueBetween(killedAt, startedAt);
    if (missed.length < 2) continue;
    longDowns++;
    // Of several that were missed the last alone is caught up: the last before the command was given, or one that came due
    // while the server started, after which each is added in time.
    expect(missed.slice(0, -1).filter((at) => due.includes(at))).toEqual([]);
    const known = dueBetween(killedAt, upAt + CATCH_UP_MS);
    expect(known.some((at) => due.includes(at))).toBe(true);
  }
  expect(longDowns).toBe(KILLS / OFFSETS_MS.length);
  // A line that was on its way out when the kill came is missing for good.
  const ticks = new Set(log.filter((line) => line.startsWith("tick ")));
  expect(tasks.length - ticks.size).toBeLessThanOrEqual(downs.length);
  expect(tasks.length).toBeGreaterThan(KILLS / 2);
}

/** All tasks of the entry there have been. */
async function added(server: Server): Promise<Task[]> {
  const queue = "/_ah/api/queues/default";
  const { tasks } = await server.json<{ tasks: Task[] }>(`${queue}/tasks?limit=1000`);
  const { tombstones } = await server.json<{ tombstones: Task[] }>(
    `${queue}/tombstones?limit=1000`,
  );
  return [...tasks, ...tombstones];
}

/** When the task was due, as its name says: `cron-ah-queue-tick-2026-11-24T09-00-04Z`. */
function dueOf({ name }: Task): number {
  const [, day, ...time] = /(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d)Z$/.exec(name) ?? [];
  return Date.parse(`${day}T${time.join(":")}Z`);
}

function dueBetween(from: number, to: number): number[] {
  const all: number[] = [];
  for (let at = nextDue(from); at <= to; at = nextDue(at)) all.push(at);
  return all;
}

function nextDue(after: number): number {
  return (Math.floor(after / PERIOD_MS) + 1) * PERIOD_MS;
}

async function sleepUntil(at: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, at - Date.now()));
}
