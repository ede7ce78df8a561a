// Adds that begin together: how many messages they become, and what one of them may do to its neighbours.
import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AddCall } from "../../src/core/task/calls.ts";
import { TaskQueueObject } from "../../src/objects/queue/task-queue.ts";
import { freshStart, objectOf, queue } from "../support/time.ts";

beforeEach(freshStart);
afterEach(() => vi.restoreAllMocks());

/** The messages that the objects get: how many tasks are in each. */
function messages(): number[] {
  const sizes: number[] = [];
  const { add } = TaskQueueObject.prototype;
  const spy = vi.spyOn(TaskQueueObject.prototype, "add");
  spy.mockImplementation(function (this: TaskQueueObject, calls: readonly AddCall[]) {
    sizes.push(calls.reduce((sum, { tasks }) => sum + tasks.length, 0));
    return add.call(this, calls);
  });
  return sizes;
}

/** The queue takes tasks whatever its size. */
async function withoutLimit(name: string): Promise<void> {
  await runInDurableObject(objectOf(name), (_, { storage: { sql } }) => {
    Object.defineProperty(sql, "databaseSize", { value: 0 });
  });
}

const list = (n: number, task: object = {}) => Array.from({ length: n }, () => task);

describe("adds that begin together", () => {
  it("100 of 1,000 tasks are all answered, a thousand tasks a message", async () => {
    await withoutLimit("stopped");
    const sizes = messages();
    const handle = queue("stopped");
    const adds = await Promise.all(list(100).map(() => handle.add(list(1000))));
    expect(adds.flat().filter(({ task }) => task)).toHaveLength(100_000);
    expect(sizes).toHaveLength(100);
    expect(Math.max(...sizes)).toBe(1000);
  }, 60_000);

  it("of one task each are still one message for a thousand", async () => {
    const sizes = messages();
    const handle = queue("stopped");
    await Promise.all(list(1500).map(() => handle.add({})));
    expect(sizes).toEqual([1000, 500]);
  });

  it("are gathered by bytes too: 100 bodies of 900,000 bytes are several messages", async () => {
    await withoutLimit("pull");
    const sizes = messages();
    const handle = queue("pull");
    const payload = "x".repeat(900_000);
    const adds = await Promise.all(list(100).map(() => handle.add({ payload })));
    expect(adds).toHaveLength(100);
    expect(sizes.length).toBeGreaterThan(2);
  });

  it.each<[string, () => object]>([
    ["cannot be sent", () => ({ payload: Symbol("x") })],
    ["is too large to be sent", () => ({ payload: { text: ["x".repeat(40 * 1024 * 1024)] } })],
    ["is of a class of its own", () => ({ payload: new (class Own {})() })],
  ])("and one that %s is refused alone", async (_, bad) => {
    const handle = queue("stopped");
    const [good, wrong, other] = await Promise.allSettled([
      handle.add({ name: "n1" }),
      handle.add(bad()),
      handle.add({ name: "n2" }),
    ]);
    expect(wrong.status).toBe("rejected");
    expect([good.status, other.status]).toEqual(["fulfilled", "fulfilled"]);
  });
});
