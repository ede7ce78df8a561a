// A queue as lines of JSON, and taken in again: `:export` and `:import`. An export is made page by page, while the
// queue goes on; behind each page stands a cursor, by which one that broke off is gone on with, and a digest of
// everything before, which shows whether a copy is whole.
import type { IRequest } from "itty-router";
import { CopyHandle } from "../../client/copy-handle.ts";
import type { QueueHandle } from "../../client/queue-handle.ts";
import { recordOf } from "../../core/backup/read-record.ts";
import {
  FIRST_WALK_PLACE,
  isOfGroup,
  lineOf,
  onQueue,
  queuesOfGroup,
  type SavedPage,
  type SavedRecord,
  type WalkPlace,
} from "../../core/backup/record.ts";
import { fromBase64, fromUtf8, toBase64Url, utf8 } from "../../core/bytes.ts";
import { cursorOf, placeOf } from "../../core/cursor.ts";
import { parseHostRules } from "../../core/egress/host-rules.ts";
import { errorOf, invalid, refuse, TaskQueueError, unwrap } from "../../core/errors.ts";
import { MAX_TASKS_PER_CALL } from "../../core/limits.ts";
import { checkNesting } from "../../core/nesting.ts";
import { textOf } from "../body.ts";
import type { QueueService } from "../queue-service.ts";
import { failureJson, json } from "../respond.ts";
import { queryOf, queueOf } from "./request.ts";

const TYPE = "application/x-ndjson";
const FORMAT = 1;

/** Where an export is, what it has counted, and the digest of its lines up to there. */
interface Progress {
  place: WalkPlace;
  counts: Partial<Record<SavedRecord["kind"], number>>;
  digest: string;
}

const NOTHING: Progress = {
  place: FIRST_WALK_PLACE,
  counts: { task: 0, failed: 0, name: 0 },
  digest: "",
};

export async function exportQueue(request: IRequest, queues: QueueService): Promise<Response> {
  const queue = queueOf(request, queues);
  const { cursor } = queryOf(request, ["cursor"]);
  const begun = cursor === undefined ? undefined : progressIn(queue.name, cursor);
  // What is wrong is said before the first line.
  const first = await new CopyHandle(queue).exportPage((begun ?? NOTHING).place);
  const head = begun ? [] : await headLines(queue, queues);
  const pages = pagesOf(queue, queues, begun ?? NOTHING, first, head);
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = await pages.next();
      if (done) controller.close();
      else controller.enqueue(utf8(value));
    },
    cancel: () => void pages.return(undefined),
  });
  return new Response(body, { headers: { "Content-Type": TYPE, "Cache-Control": "no-store" } });
}

async function headLines(queue: QueueHandle, queues: QueueService): Promise<string[]> {
  const { statistics, ...configuration } = await queue.describe();
  const head = {
    ...{
      kind: "export",
      format: FORMAT,
      queue: queue.name,
      at: new Date(queues.now()).toISOString(),
    },
    ...{ configuration, tasks: statistics.tasks },
  };
  const cron = (await queues.cron().list().catch(noCron)).filter((it) => it.queue === queue.name);
  return [head, ...cron.map((entry) => ({ kind: "cron", entry }))].map((it) => JSON.stringify(it));
}

// A Worker may have none, and a binding may be for queues alone.
function noCron() {
  return [];
}

/** Texts of whole lines; each ends with a cursor, the last with the end. */
async function* pagesOf(
  queue: QueueHandle,
  queues: QueueService,
  begun: Progress,
  first: SavedPage,
  head: string[],
): AsyncGenerator<string, undefined> {
  const copy = new CopyHandle(queue);
  let { counts, digest } = begun;
  let lines = head;
  for (let page = first; ; lines = []) {
    const records = page.records.filter((record) => !refusalOf(record, queues));
    counts = counted(counts, records);
    const text = [...lines, ...records.map(lineOf)].map((line) => `${line}\n`).join("");
    if (text !== "" || !page.next) digest = await digestOf(digest, text);
    const { next } = page;
    if (!next) {
      yield `${text}${JSON.stringify({ kind: "end", counts, digest })}\n`;
      return;
    }
    const cursor = textOfProgress(queue.name, { place: next, counts, digest });
    // Of several objects without groups many have nothing more to say.
    if (text !== "") yield `${text}${JSON.stringify({ kind: "cursor", cursor, digest })}\n`;
    try {
      page = await copy.exportPage(next);
    } catch (error) {
      if (!(error instanceof TaskQueueError)) throw error;
      yield `${JSON.stringify({ kind: "error", error: failureJson(error) })}\n`;
      return;
    }
  }
}

/** Why the caller may not have to do with a group: all its queues have to be the caller's. */
function refusalOf(record: SavedRecord, queues: QueueService): TaskQueueError | undefined {
  if (!isOfGroup(record)) return undefined;
  try {
    for (const name of queuesOfGroup(record)) queues.get(name);
  } catch (error) {
    if (error instanceof TaskQueueError) return error;
    throw error;
  }
  return undefined;
}

function counted(counts: Progress["counts"], records: readonly SavedRecord[]): Progress["counts"] {
  const all = { ...counts };
  for (const { kind } of records) all[kind] = (all[kind] ?? 0) + 1;
  return all;
}

async function digestOf(before: string, text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(before + text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function scopeOf(queue: string): string[] {
  return ["export", queue];
}

function textOfProgress(queue: string, progress: Progress): string {
  return cursorOf(scopeOf(queue), toBase64Url(utf8(JSON.stringify(progress))));
}

function progressIn(queue: string, cursor: unknown): Progress {
  const place = unwrap(placeOf(scopeOf(queue), cursor));
  try {
    return JSON.parse(fromUtf8(fromBase64(place) ?? new Uint8Array())) as Progress;
  } catch {
    throw errorOf(invalid("cursor", cursor, "one of an export of this queue").failure);
  }
}

/** What became of a line; lines that are no records are passed over. */
interface LineResult {
  line: number;
  outcome: "imported" | "skipped" | "refused" | "passed";
  error?: unknown;
}

export async function importQueue(request: IRequest, queues: QueueService): Promise<Response> {
  const queue = queueOf(request, queues);
  const lines = (await textOf(request as unknown as Request)).split("\n");
  const results: LineResult[] = [];
  const records: { record: SavedRecord; result: LineResult }[] = [];
  for (const [i, text] of lines.entries()) {
    if (text.trim() === "") continue;
    const result: LineResult = { line: i + 1, outcome: "passed" };
    results.push(result);
    const record = readLine(text, result, queues, queue.name);
    if (record) records.push({ record, result });
  }
  if (records.length > MAX_TASKS_PER_CALL) {
    const message = `body: found ${records.length} records, expected at most ${MAX_TASKS_PER_CALL} in one call`;
    throw errorOf(refuse("TOO_MANY_TASKS", message).failure);
  }
  const copy = new CopyHandle(queue);
  const taken = await copy.importRecords(records.map(({ record }) => record));
  for (const [i, { result }] of records.entries()) result.outcome = taken[i] ?? "refused";
  return json({ ...totals(results), results });
}

/** The record of a line, unless it is none. */
function readLine(text: string, result: LineResult, queues: QueueService, queue: string) {
  const given = parsed(text);
  const kind = (given as { kind?: unknown } | undefined)?.kind;
  if (PASSED.has(kind)) return undefined;
  const answer =
    given === undefined
      ? invalid("line", text.slice(0, 100), "a JSON object")
      : recordOf(given as Record<string, unknown>, parseHostRules(queues.hosts));
  const record = answer.ok && (isOfGroup(answer.ok) ? onQueue(answer.ok, queue) : answer.ok);
  const fault = answer.failure ?? (record && refusalOf(record, queues));
  if (!fault) return record;
  result.outcome = "refused";
  result.error = failureJson(fault);
  return undefined;
}

const PASSED: ReadonlySet<unknown> = new Set(["export", "cron", "cursor", "end"]);

function parsed(text: string): object | undefined {
  if (checkNesting("line", text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function totals(results: readonly LineResult[]) {
  const count = (outcome: LineResult["outcome"]) =>
    results.filter((result) => result.outcome === outcome).length;
  return { imported: count("imported"), skipped: count("skipped"), refused: count("refused") };
}
