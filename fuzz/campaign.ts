// Sends many requests, several at a time, and keeps what is wrong with their answers.

import { faultsOf, isWorkerds, textOf } from "./checks.ts";
import { Connection, type Outcome } from "./connection.ts";
import { WRITE_TOKEN } from "./credentials.ts";
import { groupName, PULL, PUSH } from "./names.ts";
import { Random } from "./random.ts";
import { bytesOf, expectedWhereOpen, type FuzzRequest, requestAt } from "./requests.ts";
import type { Memory } from "./seen.ts";

export interface Finding {
  mark: string;
  fault: string;
  /** What was sent, as it went over the wire. */
  sent: Buffer;
  /** What came back, its beginning. */
  got: string;
}

export interface Tally {
  requests: number;
  /** Of answers by the Worker. */
  statuses: Map<number, number>;
  /** Of answers by the runtime, to what is no HTTP. */
  runtimes: Map<number, number>;
  ends: Map<string, number>;
  /** Milliseconds of the slowest that did not ask to wait, and which it was. */
  slowest: { ms: number; mark: string };
  hangs: number;
  findings: Finding[];
}

export function newTally(): Tally {
  const slowest = { ms: 0, mark: "" };
  return {
    ...{
      requests: 0,
      statuses: new Map(),
      runtimes: new Map(),
      ends: new Map(),
      slowest,
      hangs: 0,
      findings: [],
    },
  };
}

/** A request that does not ask to wait has its answer within this. */
export const HANG_MS = 10_000;

export interface Campaign {
  url: URL;
  seed: string;
  memory: Memory;
  tally: Tally;
  /** Requests that are no HTTP are sent as the ones they were made from. */
  onlyHttp?: boolean;
  /** The server has no token. */
  isOpen?: boolean;
}

/** Sends the requests from number `from` up to `to`, without it. */
export async function send(
  campaign: Campaign,
  from: number,
  to: number,
  atOnce: number,
): Promise<void> {
  let next = from;
  const worker = async () => {
    const connection = new Connection(campaign.url);
    while (next < to) await sendOne(campaign, connection, requestAt(campaign.seed, next++));
    connection.close();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

export async function sendOne(
  campaign: Campaign,
  connection: Connection,
  made: FuzzRequest,
): Promise<Outcome> {
  const { memory, tally, url } = campaign;
  const request = filled(suited(made, campaign), memory, url);
  const { method, leavesAfter, wire } = request;
  const bytes = bytesOf(request);
  const outcome = await connection.send({ method, bytes, hangMs: HANG_MS, leavesAfter, wire });
  for (const { body } of outcome.answers) memory.remember(body.toString("latin1", 0, 20_000));
  count(tally, request, outcome);
  for (const fault of faultsOf(request, outcome)) {
    tally.findings.push({ mark: request.mark, fault, sent: bytes, got: shown(outcome) });
  }
  return outcome;
}

function suited(request: FuzzRequest, { onlyHttp, isOpen }: Campaign): FuzzRequest {
  const wire = onlyHttp ? undefined : request.wire;
  if (!isOpen) return { ...request, wire };
  // Without tokens of its own the server takes a key in the query for a task's, and shows it.
  const target = request.target.replace(/\bkey=(?=fuzz-)/g, "access_token=");
  return { ...request, target, wire, expected: expectedWhereOpen(request) };
}

/** With what only a running server knows: its address, and what it gave out. */
function filled(request: FuzzRequest, memory: Memory, url: URL): FuzzRequest {
  const { target, body, headers } = request;
  const own = headers.map(([name, value]): [string, string] => [
    name,
    name === "Host" && value === "127.0.0.1" ? url.host : value,
  ]);
  const isMarked = body?.includes("SEEN-") || body?.includes("CANARY-");
  const text = isMarked ? Buffer.from(memory.fill(`${body?.toString("latin1")}`), "latin1") : body;
  return { ...request, target: memory.fill(target), body: text, headers: own };
}

function shown({ answers, end, fault }: Outcome): string {
  const said = answers.map(({ status, body }) => `${status} ${body.toString("utf8", 0, 600)}`);
  return [...said, ...(fault ? [fault] : []), `(${end})`].join("\n");
}

function count(tally: Tally, request: FuzzRequest, outcome: Outcome): void {
  tally.requests++;
  add(tally.ends, outcome.end);
  for (const answer of outcome.answers) {
    const isOurs = !isWorkerds(request, answer, textOf(answer));
    add(isOurs ? tally.statuses : tally.runtimes, answer.status);
  }
  if (outcome.end === "hang") tally.hangs++;
  const { leavesAfter, wire, mark } = request;
  if (leavesAfter === undefined && !wire && outcome.ms > tally.slowest.ms) {
    tally.slowest = { ms: outcome.ms, mark };
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Takes away what valid requests have stored, so that what grows is no longer theirs. */
export async function tidy(url: URL): Promise<void> {
  const headers = { Authorization: `Bearer ${WRITE_TOKEN}` };
  const post = async (path: string) => {
    const response = await fetch(new URL(path, url), { method: "POST", headers });
    await response.arrayBuffer();
  };
  const r = new Random("tidy");
  for (const queue of [...PUSH, ...PULL]) {
    await post(`/_ah/api/queues/${queue}:purge`);
    await post(`/_ah/api/queues/${queue}:resume`);
  }
  for (const group of new Set(Array.from({ length: 100 }, () => groupName(r)))) {
    await post(`/_ah/api/groups/${group}:cancel`);
  }
}
