// What is asked of all queues at once, which the directory answers.
import { fromBase64, fromUtf8, toBase64Url, utf8 } from "../core/bytes.ts";
import { checkQueueName } from "../core/config/names.ts";
import type { QueueFile } from "../core/config/queue-config.ts";
import { cursorOf, placeOf } from "../core/cursor.ts";
import { errorOf, refuse } from "../core/errors.ts";
import { checkLimit, MAX_NAMES_PER_CALL, PAGE } from "../core/limits.ts";
import type { QueueQuery } from "../core/task/calls.ts";
import type { QueuePage } from "../objects/rpc.ts";
import { checkExists } from "./queue-handle.ts";
import type { CallerStubs } from "./stubs.ts";

/** Queues in the order of their names. */
export interface QueueViews {
  /** Each as JSON, a QueueView. */
  views: string[];
  /** Absent on the last page. A page that has one may be short. */
  cursor?: string;
}

const SCOPE = ["queues"];

/** Throws TaskQueueError (INVALID_REQUEST) for a limit or a cursor that is none. */
export async function queuePage(
  stubs: CallerStubs,
  file: QueueFile,
  query: QueueQuery,
): Promise<QueueViews> {
  const { limit = PAGE.max, cursor } = query;
  const place = cursor === undefined ? { ok: "" } : placeOf(SCOPE, cursor);
  const failure = checkLimit(limit)?.failure ?? place.failure;
  if (failure) throw errorOf(failure);
  const after = fromUtf8(fromBase64(place.ok) ?? new Uint8Array());
  const { views, last } = await pageAfter(stubs, file, after, limit);
  return last === undefined
    ? { views }
    : { views, cursor: cursorOf(SCOPE, toBase64Url(utf8(last))) };
}

/** The queues whose names come after `after`, in their order, `limit` at most. */
export async function pageAfter(
  stubs: CallerStubs,
  file: QueueFile,
  after: string,
  limit: number,
): Promise<QueuePage> {
  return stubs
    .directory()
    .page(after, limit)
    .catch((error) => {
      if (!isUnknownCall(error)) throw error;
      return pageOfNames(stubs, file, after, limit);
    });
}

// During a deployment the directory may still be of the version before, which has the names alone.
async function pageOfNames(
  stubs: CallerStubs,
  file: QueueFile,
  after: string,
  limit: number,
): Promise<QueuePage> {
  const known = await stubs.directory().knownQueues();
  const names = [...new Set([...file.queues.keys(), ...known])].filter((name) => name > after);
  const looked = names.sort().slice(0, limit);
  const views = await Promise.all(looked.map((name) => stubs.queue(name).describe()));
  const page = { views: views.map((view) => JSON.stringify(view)) };
  return names.length > looked.length ? { ...page, last: looked.at(-1) as string } : page;
}

function isUnknownCall(error: unknown): boolean {
  return String(error).includes("does not implement");
}

/** Server-sent events of these queues, or of all. Throws UnknownQueueError for a name that is no queue's. */
export async function watchQueues(
  stubs: CallerStubs,
  file: QueueFile,
  names: readonly string[] | undefined,
): Promise<ReadableStream<Uint8Array>> {
  const asked = names ?? [];
  const tooMany = asked.length > MAX_NAMES_PER_CALL;
  const refusal = tooMany
    ? refuse(
        "INVALID_REQUEST",
        `queue: found ${asked.length}, expected ${MAX_NAMES_PER_CALL} at most`,
      )
    : asked.map((name) => checkQueueName(name)).find((found) => found);
  if (refusal) throw errorOf(refusal.failure);
  for (const name of asked) await checkExists(stubs, file, name);
  return stubs.directory().watch(names);
}

/** Wakes queues that may have lost their alarms. */
export async function visitQueues(stubs: CallerStubs): Promise<void> {
  const directory = stubs.directory();
  await directory.visitQueues().catch(async (error) => {
    if (!isUnknownCall(error)) throw error;
    const names = await directory.knownQueues();
    await Promise.all(names.map((name) => stubs.queue(name).wake()));
  });
}
