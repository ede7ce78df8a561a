// Following a queue, by each client: what happens to it and its tasks, each once, in its order.
import { beforeEach, describe, expect, it } from "vitest";
import type { QueueEvent } from "../../../src/core/metrics/queue-event.ts";
import { UnknownQueueError } from "../../../src/index.ts";
import { elsewhere } from "../../support/doors.ts";
import { outside } from "../../support/http.ts";
import { crash, freshStart, pass, queue, until } from "../../support/time.ts";
import { handlers } from "../../support/worker.ts";

beforeEach(freshStart);

type Tail = (name: string, options?: { signal?: AbortSignal }) => AsyncGenerator<QueueEvent, void>;

const CLIENTS: [string, Tail][] = [
  ["the TypeScript client", (name, options) => queue(name).tail(options)],
  ["the client for elsewhere", (name, options) => elsewhere().get(name).tail(options)],
];

/** Follows a queue in the background; what was heard so far. */
async function follow(tail: Tail, name: string) {
  const heard: QueueEvent[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  const reading = (async () => {
    for await (const event of tail(name, { signal })) heard.push(event);
  })().catch((error) => error);
  // Only what happens from now on is heard: a first event says that it is followed.
  await until(async () => {
    await queue(name).pause();
    await queue(name).resume();
    return heard.length > 0;
  });
  await until(() => heard.at(-1)?.event === "resumed");
  heard.length = 0;
  return {
    heard,
    kinds: () => heard.map(({ event, task }) => (task ? `${event} ${task}` : event)),
    stop: async () => {
      controller.abort(new Error("enough"));
      return reading;
    },
  };
}

describe.each(CLIENTS)("a queue followed by %s", (_, tail) => {
  it("says what happens to a task, attempt by attempt", async () => {
    handlers.set("/_ah/queue/one-retry", () => new Response("no room", { status: 500 }));
    const { heard, kinds, stop } = await follow(tail, "one-retry");
    await queue("one-retry").add({ name: "t" });
    await pass("one-retry", 5);
    await until(() => heard.length === 5);
    expect(kinds()).toEqual(["added t", "started t", "retried t", "started t", "failed t"]);
    expect(heard[1]).toMatchObject({ attempt: 1, lateness: 0, at: expect.stringMatching(/Z$/) });
    expect(heard[2]).toMatchObject({ attempt: 1, status: 500, error: "no room", runTime: 0 });
    expect(heard[2]?.nextAttemptAt).toMatch(/^2050/);
    expect(heard[4]).toMatchObject({ attempt: 2, status: 500 });
    await stop();
  });

  it("has the attempt and status of a task that leaves nothing behind", async () => {
    let attempts = 0;
    const status = () => (attempts++ === 0 ? 500 : 204);
    handlers.set("/_ah/queue/one-retry", () => new Response(null, { status: status() }));
    const { heard, stop } = await follow(tail, "one-retry");
    await queue("one-retry").add({});
    await pass("one-retry", 5);
    await until(() => heard.at(-1)?.event === "done");
    expect(heard.at(-1)).toMatchObject({ attempt: 2, status: 204 });
    await stop();
  });

  it("says what is done to the queue, and to tasks of a pull queue", async () => {
    const { heard, kinds, stop } = await follow(tail, "pull");
    await queue("pull").add([
      { name: "a", payload: "x" },
      { name: "b", payload: "x" },
    ]);
    const leased = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
    await queue("pull").acknowledge(leased);
    await queue("pull").delete(["b"]);
    await queue("pull").add({ name: "c", payload: "x" });
    await queue("pull").purge();
    await queue("pull").pause();
    await until(() => heard.at(-1)?.event === "paused");
    expect(kinds()).toEqual([
      ...["added a", "added b", "leased a", "done a", "deleted b", "added c", "purged", "paused"],
    ]);
    expect(heard[6]).toMatchObject({ count: 1 });
    await stop();
  });

  it("goes on when the object has started anew, and says that something was missed", async () => {
    const { heard, kinds, stop } = await follow(tail, "push");
    await crash();
    await until(() => heard.length > 0);
    await queue("push").add({ name: "t", countdown: 60 });
    await until(() => heard.length > 1);
    expect(kinds()).toEqual(["missed", "added t"]);
    await stop();
  });

  it("hears of all shards", async () => {
    const { heard, stop } = await follow(tail, "four-shards");
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
    await queue("four-shards").add(names.map((name) => ({ name, countdown: 60 })));
    await until(() => heard.length === 40);
    expect(heard.map(({ task }) => task).sort()).toEqual([...names].sort());
    await stop();
  });

  it("ends with the reason of the signal", async () => {
    const { stop } = await follow(tail, "push");
    expect(await stop()).toMatchObject({ message: "enough" });
  });

  it("is refused for a queue that there is not", async () => {
    await expect(tail("no-such").next()).rejects.toThrow(UnknownQueueError);
  });
});

it("a reader that is slow hears how many events it missed, and the queue keeps no more", async () => {
  const response = await outside("/queues/push/events");
  const N = 12_000;
  const tasks = (from: number) =>
    Array.from({ length: 1000 }, (_, i) => ({ countdown: 600 + from + i }));
  for (let from = 0; from < N; from += 1000) {
    await queue("push").add(tasks(from));
    await queue("push").purge();
  }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  for (let heard = 0, missed = 0; heard + missed < N + N / 1000; ) {
    const { value } = await reader.read();
    text += new TextDecoder().decode(value);
    heard = [...text.matchAll(/^event: (added|purged)$/gm)].length;
    missed = [...text.matchAll(/"event":"missed".*?"count":(\d+)/g)].reduce(
      (n, [, m]) => n + Number(m),
      0,
    );
  }
  expect(text).toContain('"event":"missed"');
  await reader.cancel();
}, 60_000);
