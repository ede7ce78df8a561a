// Kinds of tasks, each brought through its whole life by as few calls as a caller would make.
import type { QueueHandle } from "../../../src/index.ts";
import { jump } from "./counting.ts";
import { quiet } from "./quiet.ts";

export interface Kind {
  /** How many are counted. */
  tasks: number;
  /** Brings `n` tasks through their lives. No two rounds have the same names. */
  act(at: Place, n: number, round: string): Promise<void>;
}

/** What kinds are given. */
export interface Place {
  queue(name: string): QueueHandle;
  /** A server outside. */
  target: string;
}

const BATCH = 100;
const AT_REST_MS = 150;
/** One that comes alone finds everything at rest. */
const ALONE_MS = 40;
const TOMBSTONE_MS = 9 * 24 * 3600 * 1000;
const HOUR_MS = 3600 * 1000;
const PAYLOAD = "x".repeat(100);

const BATCHES = 1000;
const SINGLES = 30;

type Given = Record<string, unknown>;

function given(n: number, of: (i: number) => Given): Given[] {
  return Array.from({ length: n }, (_, i) => ({ payload: PAYLOAD, ...of(i) }));
}

async function addAll(queue: QueueHandle, tasks: readonly Given[]): Promise<void> {
  for (let i = 0; i < tasks.length; i += BATCH) await queue.add(tasks.slice(i, i + BATCH));
}

async function addAlone(queue: QueueHandle, tasks: readonly Given[]): Promise<void> {
  for (const task of tasks) {
    await queue.add(task);
    await quiet(ALONE_MS);
  }
}

/** Kinds whose tasks are added in batches to the queue. */
function inBatches(
  name: string,
  of: (i: number, round: string, at: Place) => Given = () => ({}),
): Kind {
  return {
    tasks: BATCHES,
    act: async (at, n, round) => {
      await addAll(
        at.queue(name),
        given(n, (i) => of(i, round, at)),
      );
      await quiet(AT_REST_MS);
    },
  };
}

function alone(name: string, of: (i: number, round: string) => Given = () => ({})): Kind {
  return {
    tasks: SINGLES,
    act: (at, n, round) =>
      addAlone(
        at.queue(name),
        given(n, (i) => of(i, round)),
      ),
  };
}

/** Whatever expires by itself is over, and a task that comes sees it removed. */
async function expire(queue: QueueHandle): Promise<void> {
  jump(TOMBSTONE_MS + HOUR_MS);
  await queue.add({});
  await quiet(AT_REST_MS);
}

/** The same, and what is left of them in the end is removed too. One task more is in the figures for it. */
function untilRemoved({ tasks, act }: Kind, ...queues: string[]): Kind {
  return {
    tasks,
    act: async (at, n, round) => {
      await act(at, n, round);
      for (const name of queues) await expire(at.queue(name));
    },
  };
}

const leased: Kind = {
  tasks: BATCHES,
  act: async ({ queue }, n) => {
    const inbox = queue("leased");
    await addAll(
      inbox,
      given(n, () => ({})),
    );
    for (let left = n; left > 0; left -= BATCH) {
      await inbox.acknowledge(await inbox.lease({ leaseSeconds: 60, maxTasks: BATCH }));
    }
    await quiet(AT_REST_MS);
  },
};

const subtasks: Kind = {
  tasks: BATCHES,
  act: async ({ queue }, n, round) => {
    const tasks = given(n, () => ({ queue: "plain" }));
    await queue("plain").group({ name: round, tasks: tasks as never });
    await quiet(AT_REST_MS);
  },
};

// Due times come once a second, by the machine's clock; the first request has woken them.
const recurring: Kind = {
  tasks: 6,
  act: (_at, n) => scheduler.wait(n * 1000),
};

const ahead: Kind = {
  tasks: BATCHES,
  act: async (at, n, round) => {
    await inBatches("ahead", () => ({ countdown: 1 })).act(at, n, round);
    await scheduler.wait(1000);
    await quiet(AT_REST_MS);
  },
};

const aheadOfOthers: Kind = {
  tasks: SINGLES,
  act: async ({ queue }, n) => {
    await queue("ahead")
      .add({ name: "waits", countdown: 3600 })
      .catch(() => {});
    await quiet(ALONE_MS);
    await addAlone(
      queue("ahead"),
      given(n, () => ({})),
    );
  },
};

/** No task at all: an object that has nothing, and is asked for it. */
const asked: Kind = {
  tasks: SINGLES,
  act: async ({ queue }, n, round) => {
    for (let i = 0; i < n; i++)
      await queue(`${round}-${i}`)
        .describe()
        .catch(() => {});
  },
};

/** The only kind of a Worker that has recurring tasks. Its names' ends, nine days later, are not waited for. */
export const RECURRING = "recurring, but for its name's end";

export const KINDS: Record<string, Kind> = {
  "unnamed, in batches": inBatches("plain"),
  "named, in batches": untilRemoved(
    inBatches("plain", (i, round) => ({ name: `${round}-${i}` })),
    "plain",
  ),
  "unnamed with a key, in batches": inBatches("keyed", (i) => ({ key: `customer-${i % 50}` })),
  "unnamed with a key that has limits, in batches": inBatches("limited", (i) => ({
    key: `customer-${i % 50}`,
  })),
  "unnamed with a priority, in batches": inBatches("keyed", (i) => ({ priority: i % 10 })),
  "unnamed, alone": alone("plain"),
  "named, alone": untilRemoved(
    alone("plain", (i, round) => ({ name: `${round}-${i}` })),
    "plain",
  ),
  "unnamed, alone, others scheduled ahead": aheadOfOthers,
  "scheduled a second ahead": ahead,
  "unnamed, tried twice": untilRemoved(
    inBatches("retried", () => ({ url: "/fails-once" })),
    "retried",
  ),
  "with a result": untilRemoved(
    inBatches("answered", () => ({ url: "/answers" })),
    "answered",
  ),
  "pull, leased and acknowledged": leased,
  "subtask of a group": subtasks,
  "to another server": inBatches("plain", (_i, _round, { target }) => ({ url: `${target}/task` })),
  "failed, then a dead letter that is done": untilRemoved(
    inBatches("failing", () => ({ url: "/fails-on-failing" })),
    "failing",
    "dead",
  ),
  "no task, an unknown queue that is asked": asked,
  [RECURRING]: recurring,
};
