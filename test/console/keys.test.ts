import { describe, expect, it } from "vitest";
import {
  busiestFirst,
  counted,
  entryOf,
  formOf,
  hintsOf,
  limitsText,
} from "../../src/console/keys/keys.ts";
import { type KeyLimits, NO_KEY_LIMITS } from "../../src/core/config/keys-config.ts";
import { keyView } from "../../src/core/metrics/key-view.ts";

const view = (key: string, due: number, running: number, limits: Partial<KeyLimits> = {}) =>
  keyView(
    key,
    { limits: { ...NO_KEY_LIMITS, ...limits }, running, bucket: undefined },
    { due, scheduled: 0 },
    undefined,
  );

it("the busiest keys come first, equals by name", () => {
  const keys = [view("a", 1, 0), view("c", 5, 2), view("b", 5, 0), view("d", 1001, 3)];
  expect(busiestFirst(keys).map(({ key }) => key)).toEqual(["d", "b", "c", "a"]);
});

it.each([
  [0, "0"],
  [1000, "1,000"],
  [1001, "1,000+"],
])("%i waiting are shown as %s", (n, text) => {
  expect(counted(n)).toBe(text);
});

it.each<[Partial<KeyLimits>, string]>([
  [{}, "none"],
  [{ rateText: "5/s", rate: 5 }, "5/s"],
  [{ rateText: "0", rate: 0 }, "0"],
  [{ maxConcurrentRequests: 1000, weight: 0.5 }, "1,000 at once, weight 0.5"],
])("limits %j are said as %s", (limits, text) => {
  expect(limitsText(view("a", 0, 0, limits).limits)).toBe(text);
});

describe("the form of a key's limits", () => {
  it.each([
    [{}, {}],
    [
      { rate: "5/s", weight: "0.5" },
      { rate: "5/s", weight: 0.5 },
    ],
    [
      { rate: " none ", bucket_size: " 3 " },
      { rate: "none", bucket_size: 3 },
    ],
    [{ max_concurrent_requests: "none" }, { max_concurrent_requests: "none" }],
    [{ weight: "heavy" }, { weight: "heavy" }],
    [{ rate: "0" }, { rate: "0" }],
  ])("%j says %j", (fields, entry) => {
    expect(entryOf({ ...formOf(), ...fields })).toEqual(entry);
  });

  it("says what an empty field stands for", () => {
    const { limits } = view("a", 0, 0, { rateText: "5/s", rate: 5, bucketSize: 2 });
    expect(hintsOf({ limits, set: { weight: 3 } })).toEqual({
      ...{ rate: "5/s", bucket_size: "2", max_concurrent_requests: "none" },
      weight: "as queue.yaml says",
    });
  });

  it("begins with what is set", () => {
    const set = { rate: "5/s", max_concurrent_requests: "none", weight: 2 } as const;
    expect(entryOf(formOf(set))).toEqual(set);
    expect(entryOf(formOf({ rate: 0 }))).toEqual({ rate: "0" });
  });
});
