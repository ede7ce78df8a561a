import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ServerSentEvent, serverSentEvents } from "../../src/console/live/server-sent.ts";
import { Stream, type StreamStatus } from "../../src/console/live/stream.ts";

function bodyOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

async function all(chunks: readonly Uint8Array[]): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of serverSentEvents(bodyOf(chunks))) events.push(event);
  return events;
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("server-sent events", () => {
  it("are read with their names, over several lines, past heartbeats", async () => {
    const text = "event: queues\ndata: {\ndata: }\n\n: heartbeat\n\ndata:x\r\n\r\n";
    expect(await all([bytes(text)])).toEqual([
      { event: "queues", data: "{\n}" },
      { event: "message", data: "x" },
    ]);
  });

  it("are the same however they are cut", async () => {
    const text = bytes("event: a\ndata: Łukasz 🎉\n\n: beat\n\nevent: b\ndata: 2\n\n");
    const whole = await all([text]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length)), async (at) => {
        const cuts = [0, ...at.sort((a, b) => a - b), text.length];
        const chunks = cuts.slice(1).map((end, index) => text.slice(cuts[index], end));
        expect(await all(chunks)).toEqual(whole);
      }),
    );
  });
});

/** A server that answers as it is told, and a clock that is moved by hand. */
class World {
  readonly statuses: StreamStatus[] = [];
  readonly events: string[] = [];
  readonly waits: number[] = [];
  readonly signals: AbortSignal[] = [];
  timers: { ms: number; work: () => void }[] = [];
  answer: () => Promise<Response> = async () => new Response(null, { status: 503 });
  readonly stream = new Stream(
    "/events",
    {
      fetch: (_, { signal }) => {
        this.signals.push(signal as AbortSignal);
        return this.answer();
      },
      later: (ms, work) => {
        const timer = { ms, work };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((it) => it !== timer);
        };
      },
    },
    {
      event: ({ data }) => this.events.push(data),
      status: (status) => this.statuses.at(-1) !== status && this.statuses.push(status),
    },
  );

  constructor() {
    onTestFinished(() => this.stream.pause());
  }

  /** What it waits for to try again, in ms; the silence it listens for is no such wait. */
  get waiting(): number | undefined {
    return this.timers.find(({ ms }) => ms < 40_000)?.ms;
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  async wait(): Promise<void> {
    const timer = this.timers.find(({ ms }) => ms < 40_000);
    this.timers = this.timers.filter((it) => it !== timer);
    timer?.work();
    await this.settle();
  }
}

const answering = (text: string) => async () => new Response(bytes(text));

describe("a stream", () => {
  it("that cannot be had is tried again, each time later, ten seconds at most", async () => {
    const world = new World();
    world.stream.open();
    await world.settle();
    const waits: (number | undefined)[] = [];
    for (let i = 0; i < 7; i++) {
      waits.push(world.waiting);
      await world.wait();
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(world.statuses).toEqual(["connecting", "reconnecting"]);
  });

  it("that ended is opened again without a word, and breaks with one", async () => {
    const world = new World();
    world.answer = answering("data: 1\n\n");
    world.stream.open();
    await world.settle();
    expect(world.waiting).toBe(500);
    await world.wait();
    expect(world.events).toEqual(["1", "1"]);
    expect(world.statuses).toEqual(["connecting", "live"]);
    world.answer = async () => Promise.reject(new TypeError("no server"));
    await world.wait();
    expect(world.statuses).toEqual(["connecting", "live", "reconnecting"]);
    world.answer = answering("data: 2\n\n");
    await world.wait();
    expect(world.statuses).toEqual(["connecting", "live", "reconnecting", "live"]);
  });

  it("stands still while it is paused, and opens at once afterwards", async () => {
    const world = new World();
    world.answer = answering("data: 1\n\n");
    world.stream.open();
    await world.settle();
    world.stream.pause();
    expect(world.timers).toEqual([]);
    expect(world.statuses.at(-1)).toBe("paused");
    world.stream.open();
    await world.settle();
    expect(world.events).toHaveLength(2);
  });

  it("that has gone silent is given up, and opened anew", async () => {
    const world = new World();
    world.answer = () =>
      new Promise((_, reject) => {
        world.signals.at(-1)?.addEventListener("abort", () => reject(new Error("cut")));
      });
    world.stream.open();
    await world.settle();
    const silence = world.timers.find(({ ms }) => ms === 40_000);
    silence?.work();
    await world.settle();
    expect(world.statuses.at(-1)).toBe("reconnecting");
    expect(world.waiting).toBe(500);
  });

  it.each<[number, StreamStatus]>([
    [401, "signed-out"],
    [404, "over"],
  ])("that is refused with %i is not asked for again", async (status, said) => {
    const world = new World();
    world.answer = async () => new Response(null, { status });
    world.stream.open();
    await world.settle();
    expect(world.statuses.at(-1)).toBe(said);
    expect(world.timers).toEqual([]);
  });
});
