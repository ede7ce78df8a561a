// The contract's promises 1, 2, 3 and 5 over interleavings of everything that can happen to a queue. Longer:
// MODEL_RUNS=20000 MODEL_SEED=7 npx vitest run --project core test/model
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { InFlight } from "../../src/objects/queue/dispatch/in-flight.ts";
import { KeysAtWork } from "../../src/objects/queue/dispatch/keys-at-work.ts";
import { Lane } from "../../src/objects/queue/dispatch/lane.ts";
import { Tokens } from "../../src/objects/queue/dispatch/tokens.ts";
import { Expiries } from "../../src/store/queue/expiries.ts";
import { Names } from "../../src/store/queue/names.ts";
import { QueueStore } from "../../src/store/queue/queue-store.ts";
import { RuledTasks } from "../../src/store/queue/ruled-tasks.ts";
import { Tasks } from "../../src/store/queue/tasks.ts";
import { run, type Step } from "./run.ts";
import { IN_ORDER, KEYS } from "./world.ts";

vi.mock("cloudflare:workers", () => ({ RpcTarget: class {} }));

const RUNS = Number(process.env.MODEL_RUNS ?? 250);
const SEED = Number(process.env.MODEL_SEED ?? 1);

const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      name,
      delayMs: fc.constantFrom(0, 0, 500, 5000),
    }),
  },
  { weight: 6, arbitrary: fc.constant<Step>({ kind: "commit" }) },
  { weight: 6, arbitrary: fc.constant<Step>({ kind: "alarm" }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      which: fc.nat(9),
      status: fc.constantFrom(200 as const, 400 as const, 500 as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(1, 150, 1000, 4000, 16_000, 21_000),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "crash" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "purge" }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      transactions: fc.integer({ min: 1, max: 3 }),
    }),
  },
);

const steps = fc.array(step, { minLength: 10, maxLength: 80, size: "max" });
const property = fc.asyncProperty(steps, (some) => run(some));

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it("hold over every interleaving", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  await fc.assert(property, { numRuns: RUNS, seed: SEED });
}, 600_000);

it.each([
  { size: 2, wait: 0 },
  { size: 3, wait: 0.5 },
  { size: 50, wait: 5 },
])(
  "hold for tasks that share calls, %j",
  async (batching) => {
    vi.spyOn(console, "error").mockReturnValue();
    const ofBatches = fc.asyncProperty(steps, (some) => run(some, { batch: batching }));
    await fc.assert(ofBatches, { numRuns: RUNS, seed: SEED });
  },
  600_000,
);

const fair = fc.record(
  {
    key: fc.constantFrom(IN_ORDER, IN_ORDER, "other"),
    priority: fc.constantFrom(0, 9),
    expires: fc.constantFrom(6, 20),
  },
  { requiredKeys: [] },
);
const fairSteps = fc
  .array(fc.tuple(step, fair), { minLength: 10, maxLength: 80, size: "max" })
  .map((some) => some.map(([one, more]) => (one.kind === "add" ? { ...one, fair: more } : one)));
const ofFair = fc.asyncProperty(fairSteps, (some) => run(some, { keys: KEYS }));

it("hold for tasks with keys and priorities, some of which expire, and a key's tasks keep their order", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  await fc.assert(ofFair, { numRuns: RUNS, seed: SEED });
}, 600_000);

// Each row: a fault as somebody might make it, and how it is planted.
const PLANTED: [string, () => void][] = [
  [
    "a result counts whoever owns the task",
    () => vi.spyOn(InFlight.prototype, "owns").mockReturnValue(true),
  ],
  ["slots are not counted", () => vi.spyOn(InFlight.prototype, "calls", "get").mockReturnValue(0)],
  [
    "deadlines are not looked at",
    () => vi.spyOn(InFlight.prototype, "overdue").mockReturnValue([]),
  ],
  [
    "tokens are spent and not stored",
    () => vi.spyOn(Tokens.prototype, "covers").mockReturnValue(true),
  ],
  ["tokens are not spent", () => vi.spyOn(Tokens.prototype, "spend").mockReturnValue()],
  [
    "a task that moved is not looked for again",
    () => vi.spyOn(Lane.prototype, "rewindTo").mockReturnValue(),
  ],
  [
    "a task that is under way is started again",
    () => vi.spyOn(InFlight.prototype, "has").mockReturnValue(false),
  ],
  [
    "a name is free when its task has ended",
    () => vi.spyOn(Names.prototype, "end").mockReturnValue(),
  ],
  ["a name is not taken by its task", () => vi.spyOn(Names.prototype, "place").mockReturnValue()],
  [
    "a task stays when it has ended",
    () => vi.spyOn(Tasks.prototype, "remove").mockReturnValue(true),
  ],
  [
    "a retry is no longer on the queue",
    () =>
      vi.spyOn(QueueStore.prototype, "retry").mockImplementation(function (this: QueueStore, task) {
        this.tasks.remove(task);
        return undefined;
      }),
  ],
];

it.each(PLANTED)("are seen broken when %s", async (_, plant) => {
  vi.spyOn(console, "error").mockReturnValue();
  plant();
  const { failed } = await fc.check(property, { numRuns: 500, seed: SEED, endOnFailure: true });
  expect(failed).toBe(true);
});

const FAIR_PLANTED: [string, () => void][] = [
  [
    "what has begun stands where it stood",
    () => vi.spyOn(KeysAtWork.prototype, "isInOrder").mockReturnValue(false),
  ],
  [
    "nobody looks for what has expired",
    () => {
      vi.spyOn(Expiries.prototype, "upTo").mockReturnValue([]);
      vi.spyOn(QueueStore.prototype, "expireInTime").mockReturnValue(false);
    },
  ],
  [
    "what was started expires too",
    () => vi.spyOn(RuledTasks.prototype, "unexpect").mockReturnValue(),
  ],
];

it.each(FAIR_PLANTED)(
  "of keys and expiry are seen broken when %s",
  async (_, plant) => {
    vi.spyOn(console, "error").mockReturnValue();
    plant();
    const { failed } = await fc.check(ofFair, { numRuns: 2000, seed: SEED, endOnFailure: true });
    expect(failed).toBe(true);
  },
  600_000,
);
