// Following a queue from elsewhere, over connections that break. The network is a list of what each try meets.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, type QueueEvent } from "../../src/remote/index.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2050, 0, 1) });
});
afterEach(() => {
  vi.useRealTimers();
});

type Met = () => Response | Promise<Response>;

const at = "2050-01-01T00:00:00.000Z";
const text = (event: string, task: string) =>
  `event: ${event}\ndata: ${JSON.stringify({ event, at, task })}\n\n`;
/** A stream of these chunks that then ends, or goes on in silence. */
const streams =
  (chunks: string[], goesOn = false): Met =>
  () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
          if (!goesOn) controller.close();
        },
      }),
    );
const broken: Met = () => Promise.reject(new TypeError("fetch failed"));
const unknown: Met = () =>
  Response.json({ error: { code: "UNKNOWN_QUEUE", message: "none" } }, { status: 404 });

function queueThat(...meets: Met[]) {
  const asked: string[] = [];
  const queues = connect({
    url: "https://queues.example",
    fetch: async (url) => {
      asked.push(url);
      return (meets[Math.min(asked.length, meets.length) - 1] as Met)();
    },
  });
  return { queue: queues.get("mail"), asked };
}

/** The first `n` events, or what was thrown before. */
async function first(n: number, tail: AsyncGenerator<QueueEvent, void>): Promise<unknown[]> {
  const heard: unknown[] = [];
  const reading = (async () => {
    try {
      for await (const { event, task } of tail) {
        heard.push(task === undefined ? event : `${event} ${task}`);
        if (heard.length === n) break;
      }
    } catch (error) {
      heard.push((error as Error).name);
    }
  })();
  await vi.advanceTimersByTimeAsync(120_000);
  await reading;
  return heard;
}

describe("tail", () => {
  it.each<[string, Met[], string[]]>([
    [
      "events in one piece",
      [streams([text("added", "a") + text("done", "a")])],
      ["added a", "done a"],
    ],
    [
      "an event in two pieces, with a heartbeat before",
      [streams([":\n\n", text("added", "a").slice(0, 20), text("added", "a").slice(20)], true)],
      ["added a"],
    ],
    [
      "a connection that ends",
      [streams([text("added", "a")]), streams([text("done", "a")])],
      ["added a", "missed", "done a"],
    ],
    [
      "a connection that breaks, and cannot be made at once",
      [streams([text("added", "a")]), broken, broken, streams([text("done", "a")])],
      ["added a", "missed", "done a"],
    ],
    [
      "a connection that falls silent",
      [streams([text("added", "a")], true), streams([text("done", "a")])],
      ["added a", "missed", "done a"],
    ],
    ["a queue that there is not", [unknown], ["UnknownQueueError"]],
    ["a server that cannot be reached", [broken], ["NoAnswerError"]],
    [
      "a queue that is removed meanwhile",
      [streams([text("added", "a")]), unknown],
      ["added a", "UnknownQueueError"],
    ],
  ])("%s", async (_, meets, expected) => {
    const { queue, asked } = queueThat(...meets);
    expect(await first(expected.length, queue.tail())).toEqual(expected);
    expect(asked[0]).toBe("https://queues.example/_ah/api/queues/mail/events");
  });

  it("ends with the signal's reason, also while nothing comes", async () => {
    const controller = new AbortController();
    const { queue } = queueThat(streams([text("added", "a")], true));
    const tail = queue.tail({ signal: controller.signal });
    expect((await tail.next()).value).toMatchObject({ event: "added" });
    const next = tail.next();
    const ended = expect(next).rejects.toThrow("enough");
    controller.abort(new Error("enough"));
    await vi.advanceTimersByTimeAsync(1000);
    await ended;
  });
});
