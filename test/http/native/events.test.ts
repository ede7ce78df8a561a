// Watching queues over HTTP: what is sent first, what follows, and that it ends with its reader.
import { runInDurableObject } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueChanges, WatchedQueues } from "../../../src/core/metrics/queue-changes.ts";
import { START } from "../../support/clock.ts";
import { call, outside } from "../../support/http.ts";
import { crash, freshStart, objectOf, queue, until } from "../../support/time.ts";

beforeEach(freshStart);

const own = (exports as unknown as { default: Fetcher }).default;

const TURN_MS = 1000;

interface Reader {
  /** The next event, comments left out. */
  next(): Promise<{ event: string; data: WatchedQueues & QueueChanges }>;
  leave(): Promise<void>;
}

async function watching(query = ""): Promise<Reader> {
  const response = await own.fetch(`http://127.0.0.1:8787/_ah/api/events${query}`);
  expect(response.headers.get("Content-Type")).toBe("text/event-stream");
  const body = response.body as ReadableStream<Uint8Array>;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next: Reader["next"] = async () => {
    for (;;) {
      const end = text.indexOf("\n\n");
      const [, event, data] =
        /^event: (.*)\ndata: (.*)$/.exec(end < 0 ? "" : text.slice(0, end)) ?? [];
      if (end >= 0) text = text.slice(end + 2);
      if (event && data) return { event, data: JSON.parse(data) };
      if (end >= 0) continue;
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream has ended");
      text += value;
    }
  };
  return { next, leave: () => reader.cancel() };
}

/** How often the queue's object reads its rows from now on. */
async function meter(name: string): Promise<() => number> {
  let reads = 0;
  await runInDurableObject(objectOf(name), (_, { storage: { sql } }) => {
    const { exec } = sql;
    sql.exec = ((...args: Parameters<typeof exec>) => {
      reads++;
      return exec.apply(sql, args);
    }) as typeof exec;
  });
  return () => reads;
}

describe("GET /_ah/api/events", () => {
  it("sends first the state of every queue, with its history", async () => {
    await queue("push").add([{}, {}]);
    const reader = await watching();
    const { event, data } = await reader.next();
    expect(event).toBe("queues");
    expect(data.now).toBe(new Date(START).toISOString());
    expect(data.queues.map(({ name }) => name)).toContain("unlimited");
    expect(data.queues.find(({ name }) => name === "push")).toMatchObject({
      statistics: { tasks: 2, addedLastMinute: 2 },
      history: { slotSeconds: 10, points: [{ added: 2, tasks: 2 }] },
    });
    await reader.leave();
  });

  it("sends then what has changed, and of that queue alone", async () => {
    const reader = await watching("?queue=push&queue=pull");
    expect((await reader.next()).data.queues.map(({ name }) => name)).toEqual(["push", "pull"]);
    await queue("push").add({});
    await queue("push").pause();
    const { event, data } = await reader.next();
    expect(event).toBe("changes");
    expect(data).toMatchObject({
      queues: [
        {
          name: "push",
          state: "paused",
          statistics: { tasks: 1, addedLastMinute: 1 },
          points: [{ at: new Date(START).toISOString(), added: 1, tasks: 1 }],
          marks: [{ kind: "paused" }],
        },
      ],
    });
    expect(Object.keys(data.queues[0] ?? {})).not.toContain("retryParameters");
    await reader.leave();
  });

  it("refuses a queue that is not there", async () => {
    expect(await call("GET", "/events?queue=nowhere")).toMatchObject([
      404,
      { error: { code: "UNKNOWN_QUEUE" } },
    ]);
    expect(await call("GET", "/events?queues=push")).toMatchObject([
      400,
      { error: { code: "INVALID_REQUEST", message: expect.stringContaining("queues") } },
    ]);
  });

  it("asks nobody any more once its reader has left", async () => {
    // A queue whose last minute has something in it is asked again and again.
    await queue("push").add({ countdown: 3600 });
    const reader = await watching("?queue=push");
    await reader.next();
    const reads = await meter("push");
    await until(() => reads() > 0);
    await reader.leave();
    // A reader that has gone is found by the next write, a comment at the latest.
    await new Promise((resolve) => setTimeout(resolve, 6 * TURN_MS));
    const left = reads();
    await new Promise((resolve) => setTimeout(resolve, 3 * TURN_MS));
    expect(reads()).toBe(left);
  });
});

describe("GET /_ah/api/groups/{name}/events", () => {
  async function following(name: string) {
    await call("POST", "/groups", { name, open: true });
    const { body } = await outside(`/groups/${name}/events`);
    const reader = (body as ReadableStream<Uint8Array>)
      .pipeThrough(new TextDecoderStream())
      .getReader();
    expect((await reader.read()).value).toContain("event: progress");
    return reader;
  }

  it("sends a comment while nothing happens, so that the connection stays, and ends when the group's object throws", async () => {
    const reader = await following("quiet");
    expect((await reader.read()).value).toBe(":\n\n");
    // After that the stream is sure to wait for the object.
    await crash();
    let next = await reader.read();
    while (!next.done) next = await reader.read();
    expect(next.done).toBe(true);
  });
});
