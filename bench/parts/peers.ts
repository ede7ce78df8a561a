// The library beside other queues, in one run and by turns: end to end, draining what was laid up, and adding in
// batches. The library's adds come from inside its Worker and the peers' from this process, as their users have it.
// A second table is of handlers that are called by HTTP, for all alike.
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { call } from "../http.ts";
import { startBullMq } from "../peers/bullmq.ts";
import { startGraphile } from "../peers/graphile.ts";
import { hangUp } from "../peers/handlers.ts";
import { installPeers } from "../peers/packages.ts";
import { type Absent, isAbsent, type Peer } from "../peers/peer.ts";
import { startPgBoss } from "../peers/pg-boss.ts";
import { POSTGRES_LACKS, type Postgres, startPostgres } from "../peers/postgres.ts";
import { type Contest, type OurServer, ofOurs, ofPeer, ofSimulator } from "../peers/sides.ts";
import type { Bar, Report, Table } from "../report.ts";
import type { Size } from "../size.ts";
import { cpuOf, perSecond, ratioOf, type Slices, takeTurns } from "../slices.ts";
import { CLASSES, type Running, startWorkerd } from "../workerd.ts";

const OURS = "ours";
const BATCHES = "ours, batches of 50";
const EVERYSEC = "BullMQ, Redis everysec";
const ALWAYS = "BullMQ, Redis always";
const CONTESTS: Record<Contest, { title: string; share: number }> = {
  endToEnd: { title: "End to end, 50 at a time", share: 0.25 },
  drain: { title: "Draining what was laid up, 50 at a time", share: 0.5 },
  batches: { title: "Adding, 100 to a call, 4 calls at once", share: 2 },
};

export async function* measurePeers(size: Size): AsyncGenerator<Report> {
  installPeers();
  const { port: targetPort, close } = await startTargetProcess();
  const target = `http://127.0.0.1:${targetPort}/task`;
  const postgres = await startPostgres();
  const peers = await peersOf(postgres);
  const present = peers.filter((peer) => !isAbsent(peer)) as Peer[];
  const ours = await startOurs(size, targetPort);
  try {
    yield { tables: missing(peers), bars: [] };
    for (const contest of Object.keys(CONTESTS) as Contest[]) {
      yield await contested(contest, { size, ours, peers: present, url: undefined });
    }
    yield await contested("endToEnd", { size, ours, peers: present, url: target });
  } finally {
    for (const peer of present) await peer.close();
    for (const { running } of ours) await running.stop();
    await postgres?.close();
    hangUp();
    close();
  }
}

async function startTargetProcess(): Promise<{ port: number; close(): void }> {
  const child = fork(join(import.meta.dirname, "..", "peers", "target.ts"));
  const [port] = (await once(child, "message")) as [number];
  return { port, close: () => child.disconnect() };
}

async function peersOf(postgres: Postgres | undefined): Promise<(Peer | Absent)[]> {
  const onRedis = [await startBullMq("everysec"), await startBullMq("always")];
  const onPostgres = postgres
    ? [await startPgBoss(postgres), await startGraphile(postgres)]
    : ["pg-boss", "Graphile Worker"].map((name) => ({ name, lacks: POSTGRES_LACKS }));
  return [...onRedis, ...onPostgres];
}

interface Ours extends OurServer {
  running: Running;
}

async function startOurs({ attemptsPerCall }: Size, targetPort: number): Promise<Ours[]> {
  const entry = join(import.meta.dirname, "..", "worker", "peers.ts");
  const start = async (name: string, options: object, more: object = {}): Promise<Ours> => {
    const allowed = { TASKQUEUE_ALLOW_HOSTS: `127.0.0.1:${targetPort}` };
    const vars = { OPTIONS: JSON.stringify(options), ...allowed, ...more };
    const running = await startWorkerd([{ name: "peers", entry, classes: CLASSES, vars }]);
    const port = running.ports.get("peers") as number;
    return { name, running, get: (path) => call(port, "GET", path), cpu: running.cpu };
  };
  const several = `ours, ${attemptsPerCall} attempts a call`;
  const batches = await start(BATCHES, {}, { BATCH_SIZE: "50" });
  if (attemptsPerCall <= 1) return [await start(OURS, {}), batches];
  const single = await start(OURS, { attemptsPerCall: 1 });
  return [single, await start(several, { attemptsPerCall }), batches];
}

interface Place {
  size: Size;
  ours: readonly Ours[];
  peers: readonly Peer[];
  /** Where handlers are; without one they are functions. */
  url: string | undefined;
}

async function contested(contest: Contest, { size, ours, peers, url }: Place): Promise<Report> {
  const { title, share } = CONTESTS[contest];
  const tasks = Math.ceil((size.tasks * share) / 100) * 100;
  const work = { contest, tasks, url };
  const sides = [
    ...ours.map((own) => ofOurs(own, work)),
    ...peers.map((peer) => ofPeer(peer, work)),
    ...(contest === "drain" ? [] : [ofSimulator(work)]),
  ];
  const slices = await takeTurns(sides, { ...size, tasks });
  const where = url ? ", handlers called by HTTP" : "";
  const names = sides.map(({ name }) => name);
  return {
    tables: [tableOf(`${title}, ${tasks} tasks a slice${where}`, names, slices)],
    bars: url ? [] : barsOf(contest, { ours, peers }, slices),
  };
}

function tableOf(title: string, names: readonly string[], slices: Slices): Table {
  const rows = names.map((name) => {
    const { p25, p50 } = ratioOf(slices, OURS, name);
    const cpu = cpuOf(slices, name);
    const figures = [p25.toFixed(2), p50.toFixed(2), cpu > 0 ? cpu.toFixed(0) : ""];
    return [name, perSecond(slices, name).toFixed(0), ...figures];
  });
  return { title, columns: ["", "tasks/s p50", "ours / it p25", "p50", "µs CPU a task"], rows };
}

function barsOf(
  contest: Contest,
  { ours, peers }: Omit<Place, "size" | "url">,
  slices: Slices,
): Bar[] {
  const bar = (own: string, other: string, atLeast: number): Bar[] => {
    const isThere = peers.some(({ name }) => name === other);
    const what = `${CONTESTS[contest].title}: ${own} / ${other}`;
    return isThere ? [{ what, found: ratioOf(slices, own, other).p50, atLeast }] : [];
  };
  const several = ours.find(({ name }) => name !== OURS && name !== BATCHES)?.name;
  // As it is by itself.
  if (contest === "drain") {
    return [...bar(several ?? OURS, ALWAYS, 1), ...bar(BATCHES, EVERYSEC, 1)];
  }
  if (contest === "endToEnd") {
    return [...bar(OURS, ALWAYS, 0.8), ...(several ? bar(several, ALWAYS, 1.1) : [])];
  }
  return peers.filter(({ isSql }) => isSql).flatMap(({ name }) => bar(OURS, name, 1.5));
}

function missing(peers: readonly (Peer | Absent)[]): Table[] {
  const rows = peers.filter(isAbsent).map(({ name, lacks }) => [name, lacks]);
  return rows.length > 0 ? [{ title: "Not here", columns: ["", "it needs"], rows }] : [];
}
