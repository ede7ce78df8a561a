// npm run chaos: tasks of every kind on a server that is killed again and again; then every task is sorted.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { until } from "../scripts/until.ts";
import { Collector } from "./collector.ts";
import { cronYaml, QUEUES, queueYaml } from "./config.ts";
import { Door, native } from "./door.ts";
import { judge, type Record } from "./judge.ts";
import { Ledger } from "./ledger.ts";
import { Operator } from "./operator.ts";
import { isNearDeadline, type Life, planOf } from "./plan.ts";
import { Producers } from "./producers.ts";
import { randomOf } from "./random.ts";
import { RULED } from "./ruled.ts";
import { bundleAll, type Running, start } from "./server.ts";
import type { Cut } from "./sort.ts";
import type { Stretch } from "./ticks.ts";
import { Workers } from "./workers.ts";

const { values: options } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    /** How many shards each queue has, in equal stretches: 2,8,3. */
    shards: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    /** A file for all that was noted, to look into a fault. */
    facts: { type: "string" },
  },
});
const [kills, seed] = [Number(options.kills), Number(options.seed)];
const shards = options.shards.split(",").map(Number);
/** A kill in a commit: it is held for long, and killed in the middle. */
const HELD_ROUNDS = 4e8;
const HELD_MS = 120;
const RECOVERY_MS = 3000;
const IDLE_S = 150;

const dir = mkdtempSync(join(tmpdir(), "taskqueue-chaos-"));
process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
const collector = new Collector();
const collectorUrl = await collector.listen();
const [door, ledger] = [new Door(), new Ledger()];
const producers = new Producers(door, ledger, randomOf(seed + 1000), collectorUrl);
const operator = new Operator(door, ledger, randomOf(seed + 2000));
const workers = new Workers(door, ledger, randomOf(seed + 3000));
const cuts: Cut[] = [];
const recoveries: number[] = [];
const ends: number[] = [];
const peaks: number[] = [];
const stretches: Stretch[] = [];
const said = (line: string) => options.json || console.log(line);

const hasBefore = await bundleAll(dir);
if (!hasBefore) said("the version before is not in this clone's history: left out");
const again = `--kills ${kills} --seed ${seed} --shards ${options.shards}`;
said(`seed ${seed}, ${kills} kills; again: npm run chaos -- ${again}`);

const lives = planOf(seed, kills, shards);
for (const [i, life] of lives.entries()) await liveAndDie(life, i);
const before = lives.at(-1);
const last: Life = {
  ...{ ms: 0, death: "any moment", version: "now", isSlow: false, isListed: true, jumpMs: 0 },
  shards: shards.at(-1) ?? 1,
  ...{ clockAheadMs: (before?.clockAheadMs ?? 0) + (before?.jumpMs ?? 0), evicted: undefined },
};
lives.push(last);
const server = await begin(last, kills);
const from = Date.now() + last.clockAheadMs;
const failed = await finish(server);
const kept = await keptOfRuled();
stretches.push({ life: kills, from, to: Date.now() + last.clockAheadMs });
const unfinished = await unfinishedGroups();
await server.kill();
ends.push(Date.now());
collector.close();
const facts = { lives, ends, peaks, stretches, cuts, collector, ledger, failed, kept, unfinished };
if (options.facts) {
  const { noted, turns } = collector;
  const plain = (_: string, value: unknown) =>
    value instanceof Set || value instanceof Map ? [...value] : value;
  writeFileSync(options.facts, JSON.stringify({ ...facts, collector: { noted, turns } }, plain));
}
process.exitCode = tell() ? 0 : 1;

function begin(life: Life, index: number): Promise<Running> {
  const version = hasBefore ? life.version : "now";
  Object.assign(collector, { life: index, mayTear: version === "now" });
  producers.isNow = version === "now";
  return start(dir, version, {
    COLLECTOR: collectorUrl,
    AHEAD_MS: `${life.clockAheadMs}`,
    QUEUES: queueYaml({ ...life, version }),
    CRON: cronYaml(),
    TASKQUEUE_ALLOW_HOSTS: "127.0.0.1",
  });
}

async function liveAndDie(life: Life, index: number): Promise<void> {
  const overdue = collector.noted.some((one) => one.life === index - 1 && !one.endedAt);
  const running = await begin(life, index);
  const upAt = Date.now();
  // Nobody touches a queue until the first execution: the alarms alone bring it.
  if (overdue) await recovery(life, index, upAt);
  door.open(running.url);
  door.aheadMs = life.clockAheadMs;
  const working = Promise.all([producers.work(), operator.work(), workers.work()]);
  await pause(life.ms / 2);
  const jumpedAt = await disturb(life, running, upAt);
  await pause(life.ms / 2);
  if (life.death !== "any moment") {
    void act(running, { hold: { at: life.death, rounds: HELD_ROUNDS } });
    await pause(HELD_MS);
  }
  const dying = Date.now();
  await running.kill();
  cuts.push({ from: dying, to: Date.now() });
  ends.push(dying);
  stretches.push({ life: index, from: jumpedAt + door.aheadMs, to: dying + door.aheadMs });
  const peak = Math.max(jumpedAt + life.clockAheadMs, Date.now() + door.aheadMs);
  peaks.push(peak);
  door.peak = Math.max(door.peak, peak);
  door.isClosed = true;
  await working;
  if (index % 10 === 9) said(`${index + 1} kills, ${ledger.added.length} tasks`);
}

/** Ends an object, and makes the clock jump; when it has. */
async function disturb(life: Life, running: Running, upAt: number): Promise<number> {
  const { clockAheadMs, jumpMs, evicted } = life;
  if (evicted) {
    const from = Date.now();
    await act(running, { end: evicted });
    cuts.push({ from, to: Date.now(), queue: evicted });
  }
  stretches.push({
    life: collector.life,
    from: upAt + clockAheadMs,
    to: Date.now() + clockAheadMs,
  });
  // What a clock that goes back would give is seen where nothing is left.
  if (jumpMs < 0) await producers.flood();
  if (jumpMs < 0) await pause(300);
  // Handlers are under way when it jumps, and an add after it has the queue look at them.
  const isNear = isNearDeadline(life);
  if (isNear) await producers.late();
  if (isNear) await pause(300);
  if (jumpMs !== 0) await jump(running, clockAheadMs, jumpMs);
  const jumpedAt = Date.now();
  if (isNear) await producers.late();
  return jumpedAt;
}

async function jump(running: Running, clockAheadMs: number, jumpMs: number): Promise<void> {
  door.aheadMs += Math.min(0, jumpMs);
  door.jumps++;
  await act(running, { jump: jumpMs });
  door.peak = Math.max(door.peak, Date.now() + clockAheadMs);
  door.aheadMs = clockAheadMs + jumpMs;
  door.jumps++;
}

// A clock that went back in the life before shows the same time again: so long everything waits.
async function recovery(life: Life, index: number, upAt: number): Promise<void> {
  const first = () => collector.noted.find((one) => one.life === index)?.startedAt;
  const at = await until("recovery", RECOVERY_MS / 1000 + 3, first).catch(() => Date.now());
  const wentBackMs = Math.max(0, (latestOf(index - 1) ?? 0) - (upAt + life.clockAheadMs));
  recoveries.push(Math.max(0, at - upAt - wentBackMs));
}

function latestOf(life: number): number | undefined {
  const readings = collector.noted.flatMap((one) => (one.life === life && one.latest) || []);
  return readings.length > 0 ? Math.max(...readings) : undefined;
}

function act({ url }: Running, what: unknown): Promise<unknown> {
  return fetch(`${url}/act`, { method: "POST", body: JSON.stringify(what) }).catch(() => undefined);
}

/** Waits until all is idle, and once more when what has failed was brought back; the ids that are kept as failed. */
async function finish({ url, log }: Running): Promise<Set<string>> {
  door.open(url);
  door.aheadMs = last.clockAheadMs;
  await door.send(`${native("right")}:resume`);
  const draining = workers.work();
  await idle(log);
  for (const queue of ["kept", "dead"]) await operator.redriveAll(queue);
  await idle(log);
  door.isClosed = true;
  await draining;
  const kept = [...(await operator.failedOf("kept")), ...(await operator.failedOf("doomed"))];
  const dead = collector.noted.filter(({ failedOn }) => failedOn !== undefined);
  return new Set([...kept.map(({ id }) => id), ...dead.map(({ id }) => id.replace("!", ""))]);
}

async function idle(log: readonly string[]): Promise<void> {
  const got = async (path: string) => {
    const response = await door.get(path);
    const text = await response?.text();
    if (!response?.ok) throw new Error(`${path}: ${response?.status} ${text}\n${log.join("\n")}`);
    return JSON.parse(text as string);
  };
  const left = async (queue: string): Promise<number> => {
    if (queue !== "default") return (await got(native(queue))).statistics.tasks;
    // It gets a recurring task now and then.
    const { tasks } = await got(`${native(queue)}/tasks?limit=1000`);
    return tasks.filter(({ name }: { name: string }) => !name.startsWith("cron-")).length;
  };
  const all = () => Promise.all(QUEUES.map(left));
  const isIdle = async () => (await all()).every((n) => n === 0);
  await until("all idle", IDLE_S, isIdle).catch(async (error) => {
    said(`${error}: left ${QUEUES} ${await all()}`);
  });
}

/** What there is of tasks that have failed or expired, in lists and in numbers. */
async function keptOfRuled() {
  const ids = async (found: Promise<{ id: string }[]>) =>
    new Set((await found).map(({ id }) => id));
  const [failed, expired] = [operator.failedOf(RULED), operator.expiredOf(RULED)].map(ids);
  const response = await door.get(native(RULED));
  const { statistics } = ((await response?.json()) ?? {}) as { statistics?: { expired: number } };
  const counted = statistics?.expired ?? -1;
  return { failed: await failed, expired: await expired, counted } as Record["kept"];
}

async function unfinishedGroups(): Promise<string[]> {
  const found: string[] = [];
  for (const { name, answer } of ledger.groups) {
    if (answer !== "accepted") continue;
    const response = await door.get(`/_ah/api/groups/${name}`);
    const { state } = ((await response?.json()) ?? {}) as { state?: string };
    if (state !== "done") found.push(`${name}:${state}`);
  }
  return found;
}

/** Prints the table; whether all is as it should be. */
function tell(): boolean {
  const { faults, figures } = judge({ ...facts, recoveries, recoveryMs: RECOVERY_MS });
  const all = { seed, kills, ...figures };
  if (options.json) console.log(JSON.stringify({ ...all, faults }));
  else console.table(all);
  const counts = Object.entries(faults);
  for (const [what, ids] of counts)
    if (ids.length > 0) said(`${what}: ${ids.slice(0, 10).join(" ")}`);
  said(counts.map(([what, ids]) => `${what} ${ids.length}`).join(", "));
  return counts.every(([, ids]) => ids.length === 0);
}
