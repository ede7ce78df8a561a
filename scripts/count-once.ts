// One count on a running server, printed as it goes: the job is added, its name refused while it lives and
// after, its subtasks counted; then the log, the queues, and whether all of it is as it should be.
import { intervalsOf, type Job } from "../src/demo/count.ts";
import { drawProgress } from "./progress.ts";
import { queueTable } from "./queue-table.ts";
import type { Server } from "./server.ts";
import { complaint, countsIn, tally } from "./tally.ts";
import { until } from "./until.ts";

const NAME = "count";
/** The group of a master task is called by its queue and its name. */
const GROUP = `master-${NAME}`;
const COUNTDOWN_S = 1;
const LOG_S = 10;

/** What went wrong, a line each. */
export async function countOnce(server: Server, job: Job): Promise<string[]> {
  const subtasks = subtasksOf(NAME, job);
  const problems = [await expectAdd(server, job, 201), await expectAdd(server, job, 409, ALIVE)];
  const startedAt = Date.now();
  await until("the master's group", 30, () => isThere(server));
  await drawProgress(server, GROUP);
  await until("all tasks gone from their queues", 60 + subtasks.length / 10, () => isIdle(server));
  problems.push(await expectAdd(server, job, 409, ENDED));
  const missing = () => tally(subtasks, countedBy(server)).lost;
  await until("the log of all subtasks", LOG_S, () => missing().length === 0).catch(() => {});
  printLog(server, startedAt);
  console.log(`\n${await queueTable(server)}\n`);
  problems.push(...checkCounts(server, job, subtasks), ...(await checkDone(server, subtasks)));
  problems.push(checkCombined(server, job), checkReport(server, job), await checkMaster(server));
  return problems.filter((problem) => problem !== undefined);
}

const ALIVE = "TASK_ALREADY_EXISTS";
const ENDED = "TOMBSTONED_TASK";

/** The names the demo's master task gives its subtasks. */
export function subtasksOf(name: string, job: Job): string[] {
  return intervalsOf(job).map(({ from, to }) => `${name}-${from}-${to}`);
}

/** The names of the subtasks whose counts are in the log, one for each time. */
export function countedBy(server: Server): string[] {
  return countsIn(server.lines()).map(({ subtask }) => subtask);
}

async function expectAdd(server: Server, job: Job, status: number, code?: string) {
  const { from, to, parts } = job;
  const response = await server.fetch(
    `/_ah/api/queues/master/tasks?name=${NAME}&countdown=${COUNTDOWN_S}`,
    {
      method: "POST",
      body: new URLSearchParams({ from: `${from}`, to: `${to}`, parts: `${parts}` }),
    },
  );
  const { error } = (await response.json()) as { error?: { code: string; message: string } };
  console.log(
    `add ${NAME}: ${response.status} ${error ? `${error.code}: ${error.message}` : "added"}`,
  );
  if (response.status === status && error?.code === code) return undefined;
  return `add ${NAME}: expected ${status} ${code ?? ""}`;
}

/** Whether no queue has a task left. */
export async function isIdle(server: Server): Promise<boolean> {
  const { queues } = await server.json<{ queues: { statistics: { tasks: number } }[] }>(
    "/_ah/api/queues",
  );
  return queues.every(({ statistics }) => statistics.tasks === 0);
}

function printLog({ log }: Server, startedAt: number): void {
  console.log("");
  for (const { at, text } of log) {
    if (!/^(master|sub|combined|report) /.test(text)) continue;
    console.log(`${((at - startedAt) / 1000).toFixed(2).padStart(6)} s  ${text}`);
  }
}

function checkCounts(server: Server, { from, to }: Job, subtasks: string[]) {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
  const counted = countsIn(server.lines()).flatMap((count) => count.numbers);
  return [
    complaint("subtasks", tally(subtasks, countedBy(server))),
    complaint("numbers", tally(numbers, counted)),
  ];
}

async function isThere(server: Server): Promise<boolean> {
  return (await server.fetch(`/_ah/api/groups/${GROUP}`)).ok;
}

function checkCombined(server: Server, { from, to }: Job): string | undefined {
  const lines = server.lines().filter((line) => line.startsWith("combined "));
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const expected = `combined ${NAME}: ${numbers.join(" ")}`;
  if (lines.length === 1 && lines[0] === expected) return undefined;
  return `combined list: expected it once and whole, found it ${lines.length} times`;
}

// The deferred call: the Set it was given has every number once.
function checkReport(server: Server, { from, to }: Job): string | undefined {
  const expected = `report ${NAME}: ${to - from + 1} different numbers, put together at `;
  const found = server.lines().filter((line) => line.startsWith("report "));
  if (found.length === 1 && found[0]?.startsWith(expected)) return undefined;
  return `report: expected one line "${expected}...", found ${found.join("; ") || "none"}`;
}

async function checkMaster(server: Server): Promise<string | undefined> {
  const path = `/_ah/api/queues/master/tasks/${NAME}`;
  const { state, waitsFor } = await server.json<{ state?: string; waitsFor?: string }>(path);
  if (state === "done" && waitsFor === GROUP) return undefined;
  return `master ${NAME}: expected it done, having waited for ${GROUP}; found it ${state}`;
}

async function checkDone(server: Server, subtasks: string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const name of subtasks) {
    const { state } = await server.json<{ state?: string }>(`/_ah/api/queues/sub/tasks/${name}`);
    if (state !== "done") problems.push(`subtask ${name}: expected it done, found it ${state}`);
  }
  return problems;
}
