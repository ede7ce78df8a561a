// Functions called later: what they are given, what becomes of what they return or throw, and what does not
// compile.
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { callAsPayload, callInPayload } from "../../src/core/task/deferred-call.ts";
import { InvalidTaskError, TaskTooLargeError } from "../../src/index.ts";
import { calls, countTo, defer, failing, nothing } from "../support/deferred.ts";
import { call } from "../support/http.ts";
import { elapsed, freshStart, pass, queue } from "../support/time.ts";

beforeEach(async () => {
  await freshStart();
  calls.length = 0;
});

function nestedIn(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

describe("a deferred call that cannot be made", () => {
  it.each<[string, () => unknown]>([
    ["nests 100,000 lists", () => nestedIn(100_000)],
    ["holds a function", () => ({ f: () => 1 })],
    ["holds a symbol", () => [Symbol("x")]],
    ["is of a class of its own", () => new (class Own {})()],
    ["is 200 KB of text", () => "x".repeat(200_000)],
  ])("since its argument %s is refused alone", async (_, argument) => {
    const made = await Promise.allSettled([
      defer(nothing),
      defer(countTo, { from: 1, to: 2, more: argument() }),
      defer(nothing),
    ]);
    expect(made.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((made[1] as PromiseRejectedResult).reason).toBeInstanceOf(InvalidTaskError);
  });

  it("is not the one whose text is half of a surrogate pair", async () => {
    await defer(countTo, { from: 1, to: 2, text: "\ud800x" }, { queue: "push" });
    await pass("push", 0);
    expect(calls[0]?.argument).toMatchObject({ text: "\ud800x" });
  });
});

describe("a deferred call", () => {
  it("runs later, with its argument as it was", async () => {
    const argument = {
      from: 1,
      to: 10,
      since: new Date(0),
      tags: new Set(["a"]),
      sizes: new Map([[1, 2n]]),
      bytes: new Uint8Array([0, 255]),
    };
    await defer(countTo, argument, { queue: "push", countdown: 5, name: "ten" });
    await pass("push", 4.9);
    expect(calls).toEqual([]);
    await pass("push", 1);
    expect(calls).toEqual([{ argument, task: "ten", queue: "push" }]);
    expect((await queue("push").get("ten")).state).toBe("done");
    expect(elapsed()).toBeGreaterThanOrEqual(5);
  });

  it("is on the queue called default unless it says otherwise", async () => {
    expect((await defer(nothing)).queue).toBe("default");
  });

  it("has what the function returns as its result", async () => {
    await defer(countTo, { from: 1, to: 3 }, { queue: "results", name: "r" });
    await pass("results", 1);
    expect(await queue("results").result("r")).toEqual({ counted: 3 });
  });

  it("is accepted once for each name", async () => {
    await defer(nothing, undefined, { queue: "push", name: "once" });
    await expect(defer(nothing, undefined, { queue: "push", name: "once" })).rejects.toThrow(
      "once",
    );
  });

  it("is tried again when the function throws, and failed for good when it says so", async () => {
    await defer(failing, "for a while", { queue: "slow-retry", name: "again" });
    await defer(failing, "for good", { queue: "slow-retry", name: "up" });
    await pass("slow-retry", 1);
    expect(await queue("slow-retry").get("again")).toMatchObject({
      state: "scheduled",
      retryCount: 1,
    });
    expect(await queue("slow-retry").get("up")).toMatchObject({
      state: "failed",
      lastAttempt: { error: "for good" },
    });
  });

  it("too large for a task is refused, with its size and the limit", async () => {
    const large = defer(failing, "x".repeat(110_000), { queue: "push" });
    await expect(large).rejects.toThrow(TaskTooLargeError);
    await expect(large).rejects.toThrow(/1\d\d\d\d\d.*102400/);
  });

  it("with what cannot be carried is refused, and says where", async () => {
    const argument = { from: 1, to: 2, done: () => 1 } as { from: number; to: number };
    const refused = defer(countTo, argument);
    await expect(refused).rejects.toThrow(InvalidTaskError);
    await expect(refused).rejects.toThrow('deferred: "countTo", argument.done: ');
  });

  it.each([
    [
      "a function nobody registered",
      callAsPayload({ name: "gone", argument: 1 }).ok,
      "expected one of",
    ],
    ["a payload that is none", "not json", "cannot be read"],
    ["a payload without a call", "[1]", "no deferred call"],
  ])("of %s fails at once and is kept", async (_, payload, words) => {
    const task = { name: "bad", url: "/_ah/queue/deferred", payload };
    await call("POST", "/queues/slow-retry/tasks", task);
    await pass("slow-retry", 1);
    const { state, lastAttempt } = await queue("slow-retry").get("bad");
    expect(state).toBe("failed");
    expect(lastAttempt?.error).toContain(words);
  });

  it("carries whatever can be carried", () => {
    const plain = fc.anything({
      key: fc.string().filter((key) => key !== "__proto__"),
      ...{ withDate: true, withMap: true, withSet: true, withBigInt: true },
    });
    fc.assert(
      fc.property(plain, (argument) => {
        const { ok } = callAsPayload({ name: "f", argument });
        expect(callInPayload(ok as string)).toEqual({ name: "f", argument });
      }),
    );
  });

  it("cannot reach into prototypes", () => {
    const argument = [{ ["__proto__"]: 1 }];
    expect(callAsPayload({ name: "f", argument }).failure).toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining('"f", argument[0]'),
    });
    const payload = '[{"call":1,"argument":2},"f",{"__proto__":3},{"polluted":4},true]';
    expect(() => callInPayload(payload)).toThrow("cannot be read");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

// Never run: that these lines are errors, and no others are, is what the type check of this file says.
async function doesNotCompile(): Promise<void> {
  await defer(countTo, { from: 1, to: 10 });
  await defer(nothing);
  // @ts-expect-error: a text is no number
  await defer(countTo, { from: "1", to: 10 });
  // @ts-expect-error: the argument is missing
  await defer(countTo);
  // @ts-expect-error: a field is missing
  await defer(countTo, { from: 1 });
  // @ts-expect-error: a task has no such option
  await defer(countTo, { from: 1, to: 10 }, { inAWhile: true });
  // @ts-expect-error: the function is not registered
  await defer((argument: Date) => argument.getTime(), new Date());
}
void doesNotCompile;
