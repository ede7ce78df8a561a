// All queues while a deployment is under way, when the directory may be of the version before.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { QueueView } from "../../src/index.ts";
import { TaskDirectoryObject } from "../../src/objects/directory/task-directory.ts";
import { call } from "../support/http.ts";
import { hurry } from "../support/hurry.ts";
import { alarmOf, freshStart, objectOf, queue } from "../support/time.ts";
import { queueFile, scheduled } from "../support/worker.ts";

const methods = TaskDirectoryObject.prototype as unknown as Record<string, unknown>;
const { page, visitQueues } = methods;

beforeEach(async () => {
  await freshStart();
  delete methods.page;
  delete methods.visitQueues;
});

afterEach(() => Object.assign(methods, { page, visitQueues }));

it("are listed in pages, each as it says itself", async () => {
  await queue("made").define({ rate: "1/s" });
  await queue("made").add({ countdown: 60 });
  const seen: QueueView[] = [];
  let cursor: string | undefined;
  do {
    const query = `?limit=7${cursor ? `&cursor=${cursor}` : ""}`;
    const [, body] = await call("GET", `/queues${query}`);
    const found = body as { queues: QueueView[]; cursor?: string };
    seen.push(...found.queues);
    cursor = found.cursor;
  } while (cursor);
  expect(seen.map(({ name }) => name)).toEqual(["made", ...queueFile.queues.keys()].sort());
  expect(seen.find(({ name }) => name === "made")).toMatchObject({ statistics: { tasks: 1 } });
});

it("are woken by a scheduled trigger", async () => {
  await queue("push").add({ countdown: 60 });
  const at = await alarmOf("push");
  await runInDurableObject(objectOf("push"), (_, state) => state.storage.deleteAlarm());
  await runInDurableObject(objectOf("push"), (_, state) => state.abort("evicted")).catch(() => {});
  await scheduled(env);
  expect(await alarmOf("push")).toBe(at);
});

it("are not told anything again and again by a queue that finds such a directory", async () => {
  const { changed } = methods;
  delete methods.changed;
  const { error } = console;
  hurry(20);
  const said: unknown[] = [];
  console.error = (...what: unknown[]) => said.push(what);
  try {
    for (let i = 0; i < 5; i++) await queue("push").add({ countdown: 60 });
    // As long as it would try again.
    await new Promise((resolve) => setTimeout(resolve, 6500));
  } finally {
    console.error = error;
    methods.changed = changed;
  }
  expect(said).toEqual([]);
});
