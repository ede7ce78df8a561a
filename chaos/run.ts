// npm run chaos: tasks of every kind on a server that is killed again and again; then every task is sorted.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { until } from "../scripts/until.ts";
import { excess, mostOpen } from "./bound.ts";
import { Collector } from "./collector.ts";
import { cronYaml, queueYaml, shapesOf } from "./config.ts";
import { type Life, planOf } from "./plan.ts";
import { Producers } from "./producers.ts";
import { randomOf } from "./random.ts";
import { bundleAll, type Running, start } from "./server.ts";
import { type Execution, sortAll } from "./sort.ts";

const { values: options } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const [kills, seed] = [Number(options.kills), Number(options.seed)];
/** A kill in a commit: it is held for long, and killed in the middle. */
const HELD_ROUNDS = 4e8;
const HELD_MS = 120;
const RECOVERY_MS = 3000;
const IDLE_S = 150;

const dir = mkdtempSync(join(tmpdir(), "taskqueue-chaos-"));
process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
const collector = new Collector();
const producers = new Producers(randomOf(seed + 1000));
const { ledger } = producers;
const cuts: number[] = [];
const recoveries: number[] = [];
const said = (line: string) => options.json || console.log(line);

const collectorUrl = await collector.listen();
const hasBefore = await bundleAll(dir);
if (!hasBefore) said("the version before is not in this clone's history: left out");
said(`seed ${seed}, ${kills} kills; again: npm run chaos -- --kills ${kills} --seed ${seed}`);

const lives = planOf(seed, kills);
for (const [i, life] of lives.entries()) await liveAndDie(life, i);
const last: Life = {
  ...{ ms: 0, death: "any moment", version: "now", isSlow: false, isListed: true },
  ...{ clockAheadMs: lives.at(-1)?.clockAheadMs ?? 0, evicted: undefined },
};
lives.push(last);
const server = await begin(last, kills);
const failed = await finish(server);
const isFine = await judge(server, failed);
await server.kill();
collector.close();
process.exitCode = isFine ? 0 : 1;

function begin(life: Life, index: number): Promise<Running> {
  collector.life = index;
  return start(dir, hasBefore ? life.version : "now", {
    COLLECTOR: collectorUrl,
    AHEAD_MS: `${life.clockAheadMs}`,
    QUEUES: queueYaml(life),
    CRON: cronYaml(),
  });
}

async function liveAndDie(life: Life, index: number): Promise<void> {
  const overdue = collector.noted.some((one) => one.life === index - 1 && !one.endedAt);
  const running = await begin(life, index);
  const upAt = Date.now();
  // Nobody touches a queue until the first execution: the alarms alone bring it.
  if (overdue) await recovery(index, upAt);
  const working = producers.work(running.url, index);
  await pause(life.ms / 2);
  if (life.evicted) {
    cuts.push(Date.now());
    await act(running, { end: life.evicted });
    cuts.push(Date.now());
  }
  await pause(life.ms / 2);
  if (life.death !== "any moment") {
    void act(running, { hold: { at: life.death, rounds: HELD_ROUNDS } });
    await pause(HELD_MS);
  }
  await running.kill();
  cuts.push(Date.now());
  producers.stop();
  await working;
  if (index % 10 === 9) said(`${index + 1} kills, ${ledger.added.length} tasks`);
}

async function recovery(life: number, upAt: number): Promise<void> {
  const first = () => collector.noted.find((one) => one.life === life)?.startedAt;
  const at = await until("recovery", RECOVERY_MS / 1000 + 3, first).catch(() => Date.now());
  recoveries.push(Math.max(0, at - upAt));
}

function act({ url }: Running, what: unknown): Promise<unknown> {
  return fetch(`${url}/act`, { method: "POST", body: JSON.stringify(what) }).catch(() => undefined);
}

interface Listed {
  tasks: { url?: string; name: string }[];
  cursor?: string;
}

/** Waits until all is idle; the ids that were kept as failed. */
async function finish({ url, log }: Running): Promise<Set<string>> {
  await fetch(`${url}/_ah/api/queues/right:resume`, { method: "POST" });
  const draining = producers.drain(url, kills);
  const names = ["left", "right", "default", "doomed", "dead", "purged", "pull", "gone"];
  const left = async () => {
    const views = names.map(async (name) => {
      const response = await fetch(`${url}/_ah/api/queues/${name}`);
      const text = await response.text();
      if (!response.ok) throw new Error(`${name}: ${response.status} ${text}\n${log.join("\n")}`);
      return (JSON.parse(text) as { statistics: { tasks: number } }).statistics.tasks;
    });
    return Promise.all(views);
  };
  // Queue default gets a recurring task now and then.
  const isIdle = async () => (await left()).every((n, i) => n <= (names[i] === "default" ? 1 : 0));
  await until("all idle", IDLE_S, isIdle).catch(async (error) => {
    said(`${error}: left ${names.map((name) => name)} ${await left()}`);
  });
  producers.stop();
  await draining;
  const failed = await (
    await fetch(`${url}/_ah/api/queues/doomed/tasks?state=failed&limit=1000`)
  ).json();
  const ids = (failed as Listed).tasks.map(({ url: at = "" }) => at.split("/")[2] ?? "");
  const dead = collector.noted.filter(({ failedOn }) => failedOn !== undefined);
  return new Set([...ids, ...dead.map(({ id }) => id)]);
}

/** Prints the table; whether all is as it should be. */
async function judge({ url }: Running, failed: Set<string>): Promise<boolean> {
  const pulled = ledger.leases.map(
    ({ id, life, ackedAt }): Execution => ({
      ...{ id, life, startedAt: ackedAt ?? 0, ok: ackedAt !== undefined },
      ...{ endedAt: ackedAt ?? 0 },
    }),
  );
  const pushed = collector.noted.filter(({ task }) => !task.startsWith("cron-"));
  // A dead letter runs as a task of its own.
  const own = pushed.map((one) => (one.failedOn ? { ...one, id: `${one.id}!` } : one));
  const dead = ledger.added.filter(({ end }) => end === "failed");
  const letters = dead.map((one) => ({
    ...one,
    id: `${one.id}!`,
    end: "any" as const,
    name: undefined,
  }));
  const executions = [...own, ...pulled];
  const v = sortAll({ added: [...ledger.added, ...letters], executions, failed, cuts });
  const late = recoveries.filter((ms) => ms > RECOVERY_MS).length;
  const counts = {
    ...{ lost: v.lost, unexpected: v.unexpected, "duplicates without a reason": v.duplicated },
    ...{ "names twice": v.namedTwice, bound: bounds(), "in flight": overfull() },
    invalid: ledger.invalid,
    ...{ groups: await unfinishedGroups(url), cron: doubleTicks() },
    "recovery late": Array.from({ length: late }, () => "late"),
  };
  const sorted = [...recoveries].sort((a, b) => a - b);
  const figures = {
    ...{ seed, kills, tasks: ledger.added.length, executions: executions.length, ok: v.ok.length },
    recovered: v.recovered.length,
    duplicatesWithReason: v.duplicatedWithReason.length,
    recoveryP50Ms: sorted[Math.floor(sorted.length / 2)] ?? 0,
    recoveryMaxMs: sorted.at(-1) ?? 0,
  };
  if (options.json) console.log(JSON.stringify({ ...figures, faults: counts }));
  else console.table(figures);
  for (const [what, ids] of Object.entries(counts)) {
    if (ids.length > 0) said(`${what}: ${ids.slice(0, 10).join(" ")}`);
  }
  said(
    Object.entries(counts)
      .map(([what, ids]) => `${what} ${ids.length}`)
      .join(", "),
  );
  return Object.values(counts).every((ids) => ids.length === 0);
}

/** Each life by its own clock and queue.yaml; and lives that share both as one, over their restarts. */
function bounds(): string[] {
  const stretches = Map.groupBy(lives.keys(), (i) => {
    const { clockAheadMs, isSlow } = lives[i] as Life;
    let from = i;
    while (
      from > 0 &&
      lives[from - 1]?.clockAheadMs === clockAheadMs &&
      lives[from - 1]?.isSlow === isSlow
    )
      from--;
    return from;
  });
  return [...stretches].flatMap(([from, members]) =>
    (["left", "right"] as const).flatMap((queue) => {
      const starts = collector.noted.filter(
        (one) => members.includes(one.life) && one.queue === queue && !ledger.ranByHand.has(one.id),
      );
      const by = lives[from] as Life;
      const read = starts.map(({ turn = 0, read: at = 0 }) => ({ turn, read: at }));
      const over = excess(read, shapesOf(by.isSlow)[queue]);
      return over > 0 ? [`${queue}@${from}:+${over}`] : [];
    }),
  );
}

function overfull(): string[] {
  return lives.flatMap((by, life) =>
    (["left", "right"] as const).flatMap((queue) => {
      const spans = collector.noted
        .filter((one) => one.life === life && one.queue === queue)
        .map(({ startedAt, endedAt }) => ({ from: startedAt, to: endedAt ?? startedAt }));
      const most = mostOpen(spans);
      return most > shapesOf(by.isSlow)[queue].maxRunning ? [`${queue}@${life}:${most}`] : [];
    }),
  );
}

async function unfinishedGroups(url: string): Promise<string[]> {
  const found: string[] = [];
  for (const [name, answer] of ledger.groups) {
    if (answer !== "accepted") continue;
    const response = await fetch(`${url}/_ah/api/groups/${name}`);
    const { state } = (await response.json()) as { state?: string };
    if (state !== "done") found.push(`${name}:${state}`);
  }
  return found;
}

/** Due times whose task ran again though nothing had cut it off. */
function doubleTicks(): string[] {
  const ticks = collector.noted.filter(({ task }) => task.startsWith("cron-"));
  const added = [...new Set(ticks.map(({ task }) => task))].map((id) => {
    return { id, answer: "accepted" as const, end: "done" as const };
  });
  const executions = ticks.map((one) => ({ ...one, id: one.task }));
  const { lost: _, duplicated } = sortAll({ added, executions, failed: new Set(), cuts });
  return duplicated;
}
