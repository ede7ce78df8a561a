import { describe, expect, it } from "vitest";
import { type KeyLimits, NO_KEY_LIMITS } from "../../../src/core/config/keys-config.ts";
import { type KeyState, keyView } from "../../../src/core/metrics/key-view.ts";

const AT = Date.UTC(2030, 0, 1);
const T = "2030-01-01T00:00:0";

function state(limits: Partial<KeyLimits>, more: Partial<KeyState> = {}): KeyState {
  return { limits: { ...NO_KEY_LIMITS, ...limits }, running: 0, bucket: undefined, ...more };
}

const bucket = (tokens: number, rate: number) => ({
  level: { tokens, at: AT },
  shape: { capacity: 5, rate },
});

const shown = (of: KeyState, due = 10) => keyView("acme", of, { due, scheduled: 3 }, undefined);

it("what runs waits no more, and what is not counted is not taken off", () => {
  expect(shown(state({}, { running: 4 }))).toEqual({
    ...{ key: "acme", waiting: 6, scheduled: 3, running: 4, tokens: null },
    limits: { rate: "none", bucketSize: 5, weight: 1 },
  });
  expect(shown(state({}, { running: 4 }), 1001).waiting).toBe(1001);
  expect(shown(state({}, { running: 4 }), 2).waiting).toBe(0);
});

it("limits that were set are shown beside those that hold", () => {
  const set = { max_concurrent_requests: 2 };
  const view = keyView("a", state({ maxConcurrentRequests: 2 }), { due: 0, scheduled: 0 }, set);
  expect(view).toMatchObject({ set, limits: { maxConcurrentRequests: 2 } });
});

describe("why nothing of a key starts", () => {
  it.each<[string, KeyState, string | undefined, string | undefined]>([
    ["nothing", state({}), undefined, undefined],
    [
      "its slots",
      state({ maxConcurrentRequests: 2 }, { running: 2 }),
      "2 of 2 running (max_concurrent_requests of its key)",
      undefined,
    ],
    [
      "a retry, before its tokens",
      state({ rate: 1 }, { retryAt: AT + 5000, bucket: bucket(0, 1) }),
      `the task of its key that has begun waits for its retry, until ${T}5.000Z`,
      `${T}5.000Z`,
    ],
    [
      "a handler's wish",
      state({}, { heldUntil: AT + 2000 }),
      `a handler asked for no more of its key, until ${T}2.000Z`,
      `${T}2.000Z`,
    ],
    [
      "a rate of 0",
      state({ rate: 0 }, { bucket: bucket(0, 0) }),
      "the rate of its key is 0",
      undefined,
    ],
    [
      "its tokens",
      state({ rate: 2, rateText: "2/s" }, { bucket: bucket(0, 2) }),
      `its key is out of tokens (2/s), until ${T}0.500Z`,
      `${T}0.500Z`,
    ],
    ["nothing, with a token", state({ rate: 2 }, { bucket: bucket(1, 2) }), undefined, undefined],
  ])("%s", (_, of, why, blockedUntil) => {
    const view = shown(of);
    expect([view.why, view.blockedUntil]).toEqual([why, blockedUntil]);
  });

  it("is not said where nothing waits", () => {
    expect(shown(state({ maxConcurrentRequests: 2 }, { running: 2 }), 2)).not.toHaveProperty("why");
  });
});
