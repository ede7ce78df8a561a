// Watching queues turn by turn: who is polled when, and what is sent of queues that come and go.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type QueueChanges, withChanges } from "../../../src/core/metrics/queue-changes.ts";
import { type WatchEvent, watchQueues } from "../../../src/http/native/queue-watch.ts";
import type { Pulse } from "../../../src/objects/queue/inspect/pages.ts";
import { clock } from "../../support/clock.ts";
import { freshStart, objectOf, pass, queue } from "../../support/time.ts";
import { get } from "../../support/worker.ts";

beforeEach(freshStart);

/** Queues whose names are these at the moment, and how often each was asked. */
function watched(names: string[]) {
  const asked: Record<string, number> = {};
  const queues = {
    names: async () => [...names],
    get: (name: string) => {
      const handle = get(env, name);
      const { pulse } = handle;
      handle.pulse = (since?: number): Promise<Pulse> => {
        asked[name] = (asked[name] ?? 0) + 1;
        return pulse.call(handle, since);
      };
      return handle;
    },
  };
  return { asked, queues };
}

/** Watches without waiting; each turn moves the clock by a second. */
function watching(queues: Parameters<typeof watchQueues>[0], asked: string[] = []) {
  return watchQueues(queues, asked, async () => {
    clock.now += 1000;
  });
}

async function next(events: AsyncGenerator<WatchEvent>): Promise<WatchEvent> {
  const { value, done } = await events.next();
  if (done) throw new Error("the watch has ended");
  return value;
}

async function changesWithin(events: AsyncGenerator<WatchEvent>, turns: number) {
  const found: QueueChanges[] = [];
  for (let i = 0; i < turns; i++) {
    const event = await next(events);
    if (event.event === "changes") found.push(event.data);
  }
  return found;
}

describe("a watch", () => {
  it("tells nothing while nothing changes, and asks less and less", async () => {
    const { asked, queues } = watched(["stopped"]);
    const events = watching(queues);
    expect((await next(events)).event).toBe("queues");
    expect(await changesWithin(events, 30)).toEqual([]);
    expect(asked.stopped).toBeLessThanOrEqual(1 + 5 + 6);
  });

  it("hears within five turns of what happens on a queue that stood still, and then every turn", async () => {
    const { asked, queues } = watched(["stopped"]);
    const events = watching(queues);
    await next(events);
    await changesWithin(events, 20);
    await queue("stopped").add({ name: "a" });
    expect((await changesWithin(events, 5)).length).toBeGreaterThan(0);
    const before = asked.stopped as number;
    await changesWithin(events, 3);
    expect(asked.stopped).toBe(before + 3);
  });

  it("tells of queues that come, whole, and of those that go", async () => {
    const names = ["stopped"];
    const { queues } = watched(names);
    const events = watching(queues);
    await next(events);
    names.push("pull");
    const come = await changesWithin(events, 4);
    expect(come).toMatchObject([
      { queues: [{ name: "pull", mode: "pull", history: { points: [] } }] },
    ]);
    names.shift();
    expect(await changesWithin(events, 4)).toMatchObject([{ removed: ["stopped"] }]);
  });

  it("of some queues alone tells nothing of others, and when one is removed over the API", async () => {
    await queue("made").define({ rate: "1/s" });
    const { asked, queues } = watched(["stopped", "made", "push"]);
    const events = watching(queues, ["made"]);
    expect(await next(events)).toMatchObject({ data: { queues: [{ name: "made" }] } });
    await queue("made").remove();
    expect(await changesWithin(events, 4)).toMatchObject([{ removed: ["made"] }]);
    expect(Object.keys(asked)).toEqual(["made"]);
  });

  it("refuses a name that is no queue's", async () => {
    const { queues } = watched(["push"]);
    await expect(watching(queues, ["nowhere"]).next()).rejects.toMatchObject({
      code: "UNKNOWN_QUEUE",
    });
  });

  it("ends by itself after some hundred calls", async () => {
    const { asked, queues } = watched(["push"]);
    await queue("push").add(Array.from({ length: 50 }, (_, i) => ({ countdown: i * 20 })));
    let turns = 0;
    for await (const _ of watching(queues)) if (++turns > 2000) break;
    expect(turns).toBeLessThan(2000);
    expect(asked.push).toBeGreaterThan(100);
    expect(asked.push).toBeLessThanOrEqual(400);
  });

  it("tells so much that who applies it all has the queue as it is", async () => {
    const { queues } = watched(["four-tokens", "pull"]);
    const events = watching(queues);
    const first = await next(events);
    if (first.event !== "queues") throw new Error("no state of all first");
    let known = first.data.queues;
    const acts = [
      () => queue("four-tokens").add([{}, {}, { countdown: 30 }]),
      () => pass("four-tokens", 3),
      () => queue("four-tokens").pause(),
      () => queue("pull").add({ payload: "", tag: "t" }),
      () => queue("four-tokens").resume(),
      () => pass("four-tokens", 40),
      () => queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 }),
      () => queue("four-tokens").purge(),
      () => pass("four-tokens", 900),
    ];
    for (const act of acts) {
      await act();
      for (let i = 0; i < 6; i++) {
        const event = await next(events);
        if (event.event === "changes") {
          known = withChanges(known, JSON.parse(JSON.stringify(event.data)));
        }
      }
    }
    for (const { history, ...view } of known) {
      const { view: now, history: past } = await queue(view.name).pulse();
      expect(view).toEqual(now);
      expect(history.marks).toEqual(past.marks);
      expect(history.points).toEqual(past.points);
    }
  });

  it("goes on when an object starts anew in between", async () => {
    const { queues } = watched(["push"]);
    const events = watching(queues);
    await next(events);
    await queue("push").add({ countdown: 60 });
    await changesWithin(events, 1);
    await evictDurableObject(objectOf("push"));
    const changes = await changesWithin(events, 2);
    expect(changes[0]?.queues[0]).toMatchObject({ marks: [{ kind: "started" }] });
  });
});

it("a pulse of a queue with thousands of tasks reads no more than its view does", async () => {
  for (let i = 0; i < 3; i++) await queue("stopped").add(Array(1000).fill({ countdown: 60 }));
  await queue("stopped").pulse();
  let read = 0;
  await runInDurableObject(objectOf("stopped"), (_, { storage: { sql } }) => {
    const { exec } = sql;
    sql.exec = ((...args: Parameters<typeof exec>) => {
      const cursor = exec.apply(sql, args);
      const { toArray } = cursor;
      cursor.toArray = () => {
        const rows = toArray.call(cursor);
        read += cursor.rowsRead;
        return rows;
      };
      return cursor;
    }) as typeof exec;
  });
  const { view } = await queue("stopped").pulse(clock.now);
  expect(view.statistics.tasks).toBe(3000);
  expect(read).toBeLessThan(50);
});
