// Watching queues turn by turn: who is asked when, and what is said of queues that come and go.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { type WatchedQueue, withChanges } from "../../../src/core/metrics/queue-changes.ts";
import type { QueueReport } from "../../../src/core/metrics/queue-report.ts";
import { type News, QueueWatch } from "../../../src/objects/directory/queue-watch.ts";
import { clock } from "../../support/clock.ts";
import { evict, freshStart, objectOf, pass, queue } from "../../support/time.ts";

beforeEach(freshStart);

type Pulse = { pulse(since: number, reader: "directory"): Promise<QueueReport> };

/** A watch that asks the queues themselves; each turn moves the clock by a second. */
function watching() {
  const asked: Record<string, number> = {};
  const existing = new Set(["stopped", "pull", "push", "four-tokens", "made"]);
  const watch = new QueueWatch({
    reports: {
      ask: (name, since = 0) => {
        asked[name] = (asked[name] ?? 0) + 1;
        return (objectOf(name) as unknown as Pulse).pulse(since, "directory");
      },
      holds: (summary): summary is never => summary !== undefined && false,
    },
    exists: (name) => existing.has(name),
    now: () => clock.now,
  });
  let turn = 0;
  const turns = async (n: number): Promise<News[]> => {
    const news: News[] = [];
    for (let i = 0; i < n; i++) {
      clock.now += 1000;
      const found = await watch.turn(++turn);
      if (found.changes.length + found.removed.length > 0) news.push(found);
    }
    return news;
  };
  return { watch, asked, existing, turns };
}

describe("a watch", () => {
  it("asks a queue at rest once, and never again until it says that it has changed", async () => {
    const { watch, asked, turns } = watching();
    await watch.begin(["stopped"], new Map());
    expect(await turns(30)).toEqual([]);
    expect(asked.stopped).toBe(1);
    watch.changed("stopped");
    expect(await turns(3)).toEqual([]);
    expect(asked.stopped).toBe(2);
  });

  it("asks a queue whose last minute fades turn by turn, and less often while nothing is seen", async () => {
    await queue("stopped").add({ countdown: 3600 });
    const { watch, asked, turns } = watching();
    await watch.begin(["stopped"], new Map());
    await turns(30);
    expect(asked.stopped).toBeLessThanOrEqual(1 + 5 + 6);
    expect(await turns(60)).toMatchObject([{ changes: [{ statistics: { addedLastMinute: 0 } }] }]);
    const before = asked.stopped;
    await turns(60);
    expect(asked.stopped).toBe(before);
  });

  it("hears of a task that comes due by time alone", async () => {
    await queue("stopped").add({ countdown: 100 });
    clock.now += 70_000;
    const { watch, turns } = watching();
    await watch.begin(["stopped"], new Map());
    const news = await turns(40);
    expect(news).toMatchObject([
      { changes: [{ statistics: { states: { scheduled: 0, due: 1 } } }] },
    ]);
  });

  it("asks again when a queue changes while it is asked for the first time", async () => {
    const { watch, asked, turns } = watching();
    const begun = watch.begin(["stopped"], new Map());
    watch.changed("stopped");
    await begun;
    await turns(3);
    expect(asked.stopped).toBe(2);
  });

  it("says of a queue that is gone that it is", async () => {
    const { watch, existing, turns } = watching();
    await watch.begin(["made", "stopped"], new Map());
    existing.delete("made");
    watch.changed("made");
    expect(await turns(4)).toEqual([{ changes: [], removed: ["made"] }]);
    expect(watch.names).toEqual(["stopped"]);
  });

  it("begins to watch what is new to it, whole", async () => {
    const { watch } = watching();
    await watch.begin(["stopped"], new Map());
    await watch.begin(["stopped", "pull"], new Map());
    expect(watch.queues(["pull"])).toMatchObject([
      { name: "pull", mode: "pull", history: { points: [] } },
    ]);
  });

  it("tells so much that who applies it all has the queue as it is", async () => {
    const { watch, turns } = watching();
    const names = ["four-tokens", "pull"];
    await watch.begin(names, new Map());
    let known: WatchedQueue[] = watch.queues(names);
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
      for (const name of names) watch.changed(name);
      for (const { changes: queues } of await turns(6)) {
        const now = new Date(clock.now).toISOString();
        known = withChanges(known, JSON.parse(JSON.stringify({ now, queues })));
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
    const { watch, turns } = watching();
    await queue("push").add({ countdown: 60 });
    await watch.begin(["push"], new Map());
    await turns(1);
    await evict("push");
    const news = await turns(2);
    expect(news[0]?.changes[0]).toMatchObject({ marks: [{ kind: "started" }] });
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
