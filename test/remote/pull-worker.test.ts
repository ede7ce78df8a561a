// The worker loop against a pull queue that is a few lines long, on a clock that tests move: what it leases, keeps,
// acknowledges and gives back, whatever the handler does and the network loses.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ErrorCode, errorOf } from "../../src/core/errors.ts";
import type { AckResult } from "../../src/core/task/calls.ts";
import {
  type CallOptions,
  NoAnswerError,
  PermanentTaskFailure,
  RetryLater,
  SingularTaskFailure,
  type Task,
} from "../../src/remote/index.ts";
import { PullWorker, type WorkHandler, type WorkOptions } from "../../src/remote/pull-worker.ts";

const START = Date.UTC(2050, 0, 1);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  vi.spyOn(Math, "random").mockReturnValue(0.999);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const seconds = () => (Date.now() - START) / 1000;
const pass = (s: number) => vi.advanceTimersByTimeAsync(s * 1000);
const sleep = (s: number) => new Promise((resolve) => setTimeout(resolve, s * 1000));

interface Entry {
  retryCount: number;
  until: number;
  token: string;
}

/** What becomes of a call: done and told, done and not told, not done and not told, or refused. */
type Fate = "fine" | "lost answer" | "down" | "hangs" | ErrorCode;

class FakeQueue {
  readonly name = "inbox";
  readonly tasks = new Map<string, Entry>();
  readonly log: string[] = [];
  readonly polls: number[] = [];
  fate: (call: string, at: number) => Fate = () => "fine";

  constructor(...names: string[]) {
    for (const name of names) this.add(name);
  }

  add(name: string): void {
    this.tasks.set(name, { retryCount: 0, until: 0, token: "" });
  }

  async lease(
    {
      maxTasks,
      leaseSeconds,
      waitSeconds = 0,
    }: { maxTasks: number; leaseSeconds: number; waitSeconds?: number },
    { signal }: CallOptions,
  ): Promise<Task[]> {
    this.polls.push(seconds());
    return this.#meet("lease", { signal }, async () => {
      for (const end = Date.now() + waitSeconds * 1000; ; signal?.throwIfAborted()) {
        const free = [...this.tasks].filter(([, { until }]) => until < Date.now());
        if (free.length > 0)
          return free.slice(0, maxTasks).map(([name]) => this.#lease(name, leaseSeconds));
        if (Date.now() >= end) return [];
        await Promise.race([sleep(0.1), aborted(signal)]);
      }
    });
  }

  async modifyLease(task: Task, s: number, options: CallOptions) {
    return this.#meet(`modify ${task.name} ${s}`, options, async () => {
      const entry = this.#held(task, options.isRepeat);
      entry.until = Date.now() + s * 1000;
      entry.token = tokenOf(entry);
      return { ...task, lease: entry.token };
    });
  }

  async acknowledge(tasks: readonly Task[], options: CallOptions) {
    const [task] = tasks as [Task];
    return this.#meet(`ack ${task.name}`, options, async (): Promise<AckResult[]> => {
      if (options.isRepeat && !this.tasks.has(task.name))
        return [{ name: task.name, acknowledged: true }];
      this.#held(task, false);
      this.tasks.delete(task.name);
      return [{ name: task.name, acknowledged: true }];
    });
  }

  async fail(task: Task, why: string, options: CallOptions) {
    return this.#meet(`fail ${task.name} ${why}`, options, async () => {
      if (options.isRepeat && !this.tasks.has(task.name)) return;
      this.#held(task, false);
      this.tasks.delete(task.name);
    });
  }

  #lease(name: string, s: number): Task {
    const entry = this.tasks.get(name) as Entry;
    entry.retryCount++;
    entry.until = Date.now() + s * 1000;
    entry.token = tokenOf(entry);
    return { name, retryCount: entry.retryCount, lease: entry.token, payload: name } as Task;
  }

  #held({ name, lease = "" }: Task, isRepeat = false): Entry {
    const entry = this.tasks.get(name);
    if (!entry) throw refusal("UNKNOWN_TASK");
    const isSame = entry.token === lease || (isRepeat && lease.endsWith(`-${entry.retryCount}`));
    if (!isSame || entry.until < Date.now()) throw refusal("TASK_LEASE_EXPIRED");
    return entry;
  }

  async #meet<T>(
    call: string,
    { signal, timeout = 15 }: CallOptions,
    work: () => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    const fate = this.fate(call, seconds());
    const lost = new NoAnswerError({ request: call, why: fate, tries: 1 });
    if (call !== "lease")
      this.log.push(`${seconds().toFixed(1)} ${call}${fate === "fine" ? "" : ` ${fate}`}`);
    if (fate === "down") throw lost;
    if (fate === "hangs") {
      await Promise.race([sleep(timeout), aborted(signal)]);
      throw lost;
    }
    if (fate !== "fine" && fate !== "lost answer") throw refusal(fate);
    const value = await work();
    signal?.throwIfAborted();
    if (fate === "lost answer") throw lost;
    return value;
  }
}

const tokenOf = ({ until, retryCount }: Entry) => `${until.toString(36)}-${retryCount}`;
const refusal = (code: ErrorCode) => errorOf({ code, message: `${code} it is` });
const aborted = (signal: AbortSignal | undefined) =>
  new Promise((resolve) => signal?.addEventListener("abort", resolve));

function working(queue: FakeQueue, handler: WorkHandler<unknown>, options: WorkOptions = {}) {
  const told: string[] = [];
  const onError = (error: unknown, task?: Task) =>
    void told.push(`${task?.name ?? "worker"}: ${(error as Error | undefined)?.message}`);
  const worker = new PullWorker(queue, handler, { leaseSeconds: 10, onError, ...options });
  return { worker, told };
}

describe("a worker", () => {
  it("works on each task, and asks again at once while there are any", async () => {
    const queue = new FakeQueue("a", "b", "c");
    const done: string[] = [];
    const { worker, told } = working(queue, ({ name }) => done.push(name));
    await pass(1);
    expect(done).toEqual(["a", "b", "c"]);
    expect([queue.tasks.size, told]).toEqual([0, []]);
    await worker.stop();
  });

  it("has as many in hand as it is told, and leases no more than it has hands free", async () => {
    const queue = new FakeQueue(..."abcdefgh");
    let [now, most] = [0, 0];
    const { worker } = working(
      queue,
      async () => {
        most = Math.max(most, ++now);
        await sleep(1);
        now--;
      },
      { concurrency: 3 },
    );
    await pass(0.5);
    expect([...queue.tasks.values()].filter(({ until }) => until > 0)).toHaveLength(3);
    await pass(3);
    expect([most, queue.tasks.size]).toEqual([3, 0]);
    await worker.stop();
  });

  it("extends a lease at half its time, as long as the work takes", async () => {
    const queue = new FakeQueue("a");
    const { worker, told } = working(queue, () => sleep(33));
    await pass(40);
    expect(queue.log).toEqual([
      ...["5.0", "10.0", "15.0", "20.0", "25.0", "30.0"].map((at) => `${at} modify a 10`),
      "33.0 ack a",
    ]);
    expect([queue.tasks.size, told]).toEqual([0, []]);
    await worker.stop();
  });

  it.each<[what: string, thrown: unknown, before: number, call: string, isTold: boolean]>([
    ["an error, a second later", new Error("no"), 0, "modify a 1", true],
    ["what is no error", "no", 0, "modify a 1", true],
    ["nothing at all", undefined, 0, "modify a 1", true],
    ["a third error, four seconds later", new Error("no"), 2, "modify a 4", true],
    ["a fortieth, five minutes later", new Error("no"), 39, "modify a 300", true],
    ["a singular failure, without a word", new SingularTaskFailure("no"), 0, "modify a 1", false],
    ["a wish to be tried later", new RetryLater(77), 0, "modify a 77", true],
    ["a wish to be tried at once", new RetryLater(0), 0, "modify a 0", true],
    [
      "a wish for a month, cut to the longest lease",
      new RetryLater(2_592_000),
      0,
      "modify a 604800",
      true,
    ],
    ["a failure for good", new PermanentTaskFailure("no"), 0, "fail a no", true],
  ])("that throws %s", async (_, thrown, before, call, isTold) => {
    const queue = new FakeQueue("a");
    (queue.tasks.get("a") as Entry).retryCount = before;
    const { worker, told } = working(queue, () => {
      throw thrown;
    });
    await pass(0.5);
    expect(queue.log[0]).toBe(`0.0 ${call}`);
    expect(told.length).toBeGreaterThanOrEqual(isTold ? 1 : 0);
    if (!isTold) expect(told).toEqual([]);
    await worker.stop();
  });

  it("that always throws goes no faster than the pauses between", async () => {
    const queue = new FakeQueue("a");
    const { worker } = working(queue, () => Promise.reject(new Error("no")));
    await pass(60);
    expect(queue.log.length).toBeLessThan(8);
    await worker.stop();
  });
});

describe("a lease that is lost", () => {
  it.each<[string, (call: string, at: number) => Fate, number, RegExp]>([
    [
      "to another worker",
      (call) => (call.startsWith("modify") ? "TASK_LEASE_EXPIRED" : "fine"),
      5,
      /EXPIRED it is/,
    ],
    [
      "with its task, which was deleted",
      (call) => (call.startsWith("modify") ? "UNKNOWN_TASK" : "fine"),
      5,
      /UNKNOWN_TASK it is/,
    ],
    [
      "to silence",
      (call) => (call.startsWith("modify") ? "hangs" : "fine"),
      10,
      /has run out, since it could not/,
    ],
    [
      "to a server that is down",
      (call) => (call.startsWith("modify") ? "down" : "fine"),
      10,
      /has run out/,
    ],
    [
      "to a pause",
      (call) => (call.startsWith("modify") ? "QUEUE_PAUSED" : "fine"),
      10,
      /has run out/,
    ],
  ])("%s aborts its handler in time, and is not acknowledged", async (_, fate, at, reason) => {
    const queue = new FakeQueue("a");
    queue.fate = fate;
    const cut: string[] = [];
    const { worker, told } = working(queue, async (_, { signal }) => {
      await aborted(signal);
      cut.push(`${seconds()} ${(signal.reason as Error).message}`);
    });
    await pass(at + 0.5);
    expect(cut).toHaveLength(1);
    expect(Number.parseFloat(cut[0] as string)).toBeCloseTo(at, 0);
    expect(told[0]).toMatch(reason);
    expect(queue.log.filter((line) => line.includes("ack"))).toEqual([]);
    const stopped = worker.stop();
    await pass(60);
    await stopped;
  });
});

describe("what the network loses", () => {
  const during = (from: number, to: number, fate: Fate) => (call: string, at: number) =>
    call !== "lease" && at >= from && at < to ? fate : "fine";

  it.each<[string, (call: string, at: number) => Fate, number]>([
    ["an extension that is not done", during(4, 6, "down"), 12],
    ["an extension that is done and not told", during(4, 6, "lost answer"), 12],
    ["an acknowledgement that is not done", during(12, 14, "down"), 12],
    ["an acknowledgement that is done and not told", during(12, 14, "lost answer"), 12],
    ["both, told by nobody", during(4, 9, "lost answer"), 12],
    ["an extension just before the end", during(9.9, 10.05, "lost answer"), 10.1],
    ["the first second", during(0, 1, "down"), 0.5],
    [
      "every third of seconds",
      (call, at) => (call !== "lease" && at % 3 < 1 ? "lost answer" : "fine"),
      20,
    ],
    [
      "every other tenth",
      (call, at) => (call !== "lease" && (at * 10) % 2 < 1 ? "down" : "fine"),
      20,
    ],
    ["hanging for a while", during(5, 6, "hangs"), 12],
  ])("%s loses no lease, and works once", async (_, fate, takes) => {
    const queue = new FakeQueue("a");
    queue.fate = fate;
    let ran = 0;
    const { worker, told } = working(queue, async () => {
      ran++;
      await sleep(takes);
    });
    await pass(takes + 10);
    expect([ran, queue.tasks.size, told]).toEqual([1, 0, []]);
    await worker.stop();
  });

  it("a server that is down is asked ever more seldom, told once, and asked at once when it is back", async () => {
    const queue = new FakeQueue();
    queue.fate = (_, at) => (at < 300 ? "down" : "fine");
    const { worker, told } = working(queue, () => {});
    await pass(300);
    expect(queue.polls.length).toBeLessThan(20);
    expect(queue.polls.length).toBeGreaterThan(10);
    expect(told).toEqual(["worker: lease: down"]);
    queue.add("a");
    await pass(31);
    expect(queue.tasks.size).toBe(0);
    await worker.stop();
  });

  it("a server that answers nothing at once is not asked in a circle", async () => {
    const queue = new FakeQueue();
    queue.lease = async () => {
      queue.polls.push(seconds());
      return [];
    };
    const { worker } = working(queue, () => {});
    await pass(10);
    expect(queue.polls).toHaveLength(11);
    await worker.stop();
  });
});

describe("the first call", () => {
  it.each<ErrorCode>([
    ...(["UNAUTHENTICATED", "PERMISSION_DENIED", "UNKNOWN_QUEUE", "WRONG_QUEUE_MODE"] as const),
    ...(["INVALID_QUEUE_NAME", "INVALID_REQUEST", "INVALID_LEASE_TIME"] as const),
  ])("that is refused with %s ends the worker, later ones do not", async (code) => {
    const queue = new FakeQueue("a");
    queue.fate = () => code;
    const first = working(queue, () => {});
    await expect(first.worker.finished).rejects.toThrow(`${code} it is`);

    queue.fate = (_, at) => (at > 5 && at < 20 ? code : "fine");
    const second = working(queue, () => {}, { waitSeconds: 1 });
    await pass(25);
    queue.add("b");
    await pass(20);
    expect(queue.tasks.size).toBe(0);
    expect(second.told).toEqual([`worker: ${code} it is`]);
    await second.worker.stop();
  });

  it("to a queue that is paused is no mistake", async () => {
    const queue = new FakeQueue("a");
    queue.fate = (_, at) => (at < 20 ? "QUEUE_PAUSED" : "fine");
    const { worker } = working(queue, () => {});
    await pass(60);
    expect(queue.tasks.size).toBe(0);
    await worker.stop();
  });
});

describe("stopping", () => {
  it("waits for what is under way, and leases no more", async () => {
    const queue = new FakeQueue("a", "b");
    const { worker, told } = working(queue, () => sleep(20));
    await pass(1);
    const stopped = worker.stop().then(seconds);
    await pass(40);
    expect(await stopped).toBe(20);
    expect([[...queue.tasks.keys()], told]).toEqual([["b"], []]);
  });

  it("gives back what is not done in time, and tells its handler", async () => {
    const queue = new FakeQueue("a");
    const reasons: string[] = [];
    const { worker } = working(
      queue,
      async (_, { signal }) => {
        signal.addEventListener("abort", () => reasons.push((signal.reason as Error).message));
        await sleep(3600);
      },
      { graceSeconds: 7 },
    );
    await pass(1);
    const stopped = worker.stop().then(seconds);
    await pass(10);
    expect(await stopped).toBe(8);
    expect(reasons).toEqual(["the worker is stopped"]);
    expect(queue.log.at(-1)).toBe("8.0 modify a 0");
    await pass(3600);
    expect(queue.tasks.size).toBe(1);
    expect(queue.log.at(-1)).toBe("8.0 modify a 0");
  });

  it("gives back what came too late", async () => {
    const queue = new FakeQueue();
    const { lease } = queue;
    queue.lease = async (request) => {
      const tasks = await lease.call(queue, request, {});
      worker.stop();
      return tasks;
    };
    let ran = 0;
    const { worker } = working(queue, () => {
      ran++;
    });
    await pass(1);
    queue.add("a");
    await pass(1);
    await worker.finished;
    expect(ran).toBe(0);
    expect(queue.log).toHaveLength(1);
    expect(queue.log[0]).toContain("modify a 0");
  });

  it.each(["while it waits", "before it begins", "while the server is down"])(
    "by the signal, %s",
    async (when) => {
      const queue = new FakeQueue();
      if (when === "while the server is down") queue.fate = () => "down";
      const controller = new AbortController();
      if (when === "before it begins") controller.abort();
      const { worker } = working(queue, () => {}, { signal: controller.signal });
      await pass(when === "before it begins" ? 0 : 50);
      controller.abort();
      await worker.finished;
      expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
    },
  );

  it("ends though the server is gone", async () => {
    const queue = new FakeQueue("a");
    const { worker } = working(queue, () => sleep(3600), { graceSeconds: 1 });
    await pass(1);
    queue.fate = () => "hangs";
    const stopped = worker.stop().then(seconds);
    await pass(30);
    expect(await stopped).toBeLessThan(20);
  });

  it("leaves no timer and no listener behind", async () => {
    const queue = new FakeQueue(...Array.from({ length: 50 }, (_, i) => `t${i}`));
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    const { worker } = working(queue, () => sleep(0.2), { concurrency: 5, signal });
    await pass(5);
    expect(queue.tasks.size).toBe(0);
    await worker.stop();
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1]);
    await pass(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a worker set up wrongly", () => {
  it.each<[WorkOptions, RegExp]>([
    [{ concurrency: 0 }, /^concurrency: found 0, expected a whole number from 1 to 1000/],
    [{ concurrency: 1.5 }, /^concurrency: /],
    [{ concurrency: 1001 }, /^concurrency: /],
    [{ concurrency: Number.NaN }, /^concurrency: found NaN/],
    [{ leaseSeconds: 0 }, /^leaseSeconds: found 0, expected seconds from 1 to 604800/],
    [{ leaseSeconds: 1e6 }, /^leaseSeconds: /],
    [{ leaseSeconds: "60" as unknown as number }, /^leaseSeconds: found "60"/],
    [{ waitSeconds: 0 }, /^waitSeconds: found 0, expected seconds from 1 to 60/],
    [{ waitSeconds: 61 }, /^waitSeconds: /],
    [{ graceSeconds: -1 }, /^graceSeconds: /],
    [{ graceSeconds: Number.POSITIVE_INFINITY }, /^graceSeconds: /],
  ])("%o", (options, message) => {
    expect(() => working(new FakeQueue(), () => {}, options)).toThrow(message);
  });
});
