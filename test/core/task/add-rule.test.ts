import { describe, expect, it } from "vitest";
import {
  acceptRule,
  checkWithoutRule,
  debouncedDue,
  type Holder,
  stepOf,
} from "../../../src/core/task/add-rule.ts";
import { type Admission, acceptTask } from "../../../src/core/task/new-task.ts";
import type { AddRule, NewTask, TaskSpec } from "../../../src/core/task/task.ts";

const NOW = Date.UTC(2030, 0, 1);
const push: Admission = {
  queue: { name: "mail", mode: "push" },
  now: NOW,
  hosts: { allow: [], refuse: [] },
  acceptRule,
};
const pull: Admission = { ...push, queue: { name: "work", mode: "pull" } };
const N = { name: "n" };
const DAYS_30 = 2_592_000;

describe("a rule is accepted", () => {
  it.each<[string, NewTask, AddRule | undefined]>([
    ["none", {}, undefined],
    ["reject, without a name", { ifExists: "reject" }, undefined],
    ["keep", { ...N, ifExists: "keep" }, "keep"],
    ["replace beside a countdown", { ...N, ifExists: "replace", countdown: 5 }, "replace"],
    ["debounce", { ...N, debounce: { seconds: 0.001 } }, "debounce"],
    ["debounce with a max as long", { ...N, debounce: { seconds: 5, max: 5 } }, "debounce"],
    ["debounce of 30 days", { ...N, debounce: { seconds: DAYS_30, max: DAYS_30 } }, "debounce"],
    ["throttle beside an eta", { ...N, throttle: { seconds: 1 }, eta: new Date(NOW) }, "throttle"],
    ["throttle beside expires", { ...N, throttle: { seconds: 1 }, expires: 5 }, "throttle"],
  ])("%s", (_, task, rule) => {
    for (const [admission, more] of [
      [push, {}],
      [pull, { payload: "" }],
    ] as const) {
      const { ok } = acceptTask({ ...task, ...more }, admission);
      expect(ok?.rule).toBe(rule);
    }
  });

  it("and says when a debounced task is due", () => {
    const { ok } = acceptTask({ ...N, debounce: { seconds: 5 } }, push);
    expect(ok).toMatchObject({ due: NOW + 5000, spec: { debounce: { seconds: 5 } } });
  });
});

describe("a rule or an expiry is refused", () => {
  it.each<[string, object, RegExp]>([
    [
      "an unknown one",
      { ...N, ifExists: "skip" },
      /^ifExists: found "skip", expected reject, keep/,
    ],
    ["keep without a name", { ifExists: "keep" }, /^ifExists: found "keep", expected a name/],
    ["replace with an empty name", { name: "", ifExists: "replace" }, /expected a name beside it/],
    ["debounce without a name", { debounce: { seconds: 5 } }, /^debounce: .* expected a name/],
    ["throttle without a name", { throttle: { seconds: 5 } }, /^throttle: .* expected a name/],
    ["debounce as a number", { ...N, debounce: 5 }, /^debounce: found 5, expected an object of/],
    ["debounce as a list", { ...N, debounce: [5] }, /^debounce: found \[5\], expected an object/],
    ["debounce as null", { ...N, debounce: null }, /^debounce: found null, expected an object/],
    ["debounce of nothing", { ...N, debounce: {} }, /^debounce.seconds: found undefined/],
    [
      "a misspelt part",
      { ...N, debounce: { second: 5 } },
      /^debounce: found "second", expected only/,
    ],
    ["a max of throttle", { ...N, throttle: { seconds: 5, max: 9 } }, /^throttle: found "max"/],
    ["0 s", { ...N, throttle: { seconds: 0 } }, /^throttle.seconds: found 0, expected a number/],
    ["less", { ...N, throttle: { seconds: -1 } }, /^throttle.seconds: found -1/],
    ["no number", { ...N, throttle: { seconds: "5" } }, /^throttle.seconds: found "5"/],
    ["NaN", { ...N, throttle: { seconds: Number.NaN } }, /^throttle.seconds: found NaN/],
    ["over 30 days", { ...N, debounce: { seconds: DAYS_30 + 1 } }, /at most 30 days/],
    [
      "a max below",
      { ...N, debounce: { seconds: 5, max: 4 } },
      /^debounce.max: found 4, expected at least/,
    ],
    [
      "a max over 30 days",
      { ...N, debounce: { seconds: 5, max: 1e9 } },
      /^debounce.max: .*30 days/,
    ],
    [
      "both windows",
      { ...N, debounce: { seconds: 5 }, throttle: { seconds: 5 } },
      /^throttle: .*none beside debounce/,
    ],
    [
      "keep and a window",
      { ...N, ifExists: "keep", debounce: { seconds: 5 } },
      /^debounce: .*none beside ifExists/,
    ],
    [
      "reject and a window",
      { ...N, ifExists: "reject", throttle: { seconds: 5 } },
      /^throttle: .*none beside ifExists/,
    ],
    [
      "debounce and a countdown",
      { ...N, debounce: { seconds: 5 }, countdown: 1 },
      /^countdown: found 1, expected none beside debounce/,
    ],
    [
      "debounce and an eta",
      { ...N, debounce: { seconds: 5 }, eta: "2030-01-01T09:00:00Z" },
      /^eta: .* none beside debounce/,
    ],
    ["expires in 0 s", { expires: 0 }, /^expires: found 0, expected a number of seconds above 0/],
    ["less than that", { expires: -1 }, /^expires: found -1/],
    ["no number", { expires: "soon" }, /^expires: found "soon"/],
    ["null", { expires: null }, /^expires: found null/],
    ["infinity", { expires: Number.POSITIVE_INFINITY }, /^expires: found Infinity/],
    ["over 30 days", { expires: DAYS_30 + 1 }, /^expires: .*at most 30 days/],
    [
      "before it is due",
      { expires: 5, countdown: 6 },
      /^expires: found 5, expected more than the 6 s/,
    ],
    ["as it is due", { expires: 5, countdown: 5 }, /^expires: found 5, expected more than the 5 s/],
    [
      "before a debounced one is due",
      { ...N, expires: 5, debounce: { seconds: 9 } },
      /^expires: .* the 9 s/,
    ],
  ])("%s", (_, task, message) => {
    const { failure } = acceptTask(task, push);
    expect(failure).toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringMatching(message),
    });
  });

  it.each<[NewTask, boolean]>([
    [{ ifExists: "keep", ...N }, false],
    [{ debounce: { seconds: 5 }, ...N }, false],
    [{ throttle: { seconds: 5 }, ...N }, false],
    [{ ifExists: "reject", expires: 5 }, true],
  ])("of a group's task, but not its expiry: %j", (task, isAccepted) => {
    expect(checkWithoutRule(task) === undefined).toBe(isAccepted);
    expect(acceptTask(task, { ...push, isOfGroup: true }).ok !== undefined).toBe(isAccepted);
  });

  it.each([[5], ["5"], [" 5 "], [5.5], [DAYS_30]])("not %j as its expiry", (expires) => {
    expect(acceptTask({ expires }, push).ok?.spec.expires).toBe(Number(expires));
  });
});

describe("a debounced task is due", () => {
  it.each([
    ["so many seconds after the last", { seconds: 10 }, 0, 5, 15],
    ["no later than its max after the first", { seconds: 10, max: 12 }, 0, 5, 12],
    ["at once when its max is over", { seconds: 10, max: 12 }, 0, 20, 20],
  ])("%s", (_, debounce, since, now, due) => {
    expect(debouncedDue(debounce, since * 1000, now * 1000)).toBe(due * 1000);
  });
});

const WINDOW: TaskSpec = { throttle: { seconds: 60 } };

describe("what a rule comes to", () => {
  const made = { createdAt: NOW - 10_000 };
  const plain: Holder = { ...made, spec: {}, state: "due", hasStarted: false, next: undefined };
  const window = { ...plain, spec: WINDOW } as typeof plain;
  const next = { createdAt: NOW, spec: WINDOW };
  const done: Holder = { ...made, state: "done" };
  const old = { createdAt: NOW - 60_000 };
  it.each<[AddRule, string, Holder, string]>([
    ["keep", "a task that waits", plain, "answer"],
    ["keep", "a task that runs", { ...plain, state: "running" }, "answer"],
    ["keep", "a tombstone", done, "refuse"],
    ["replace", "a task that waits", plain, "replace"],
    ["replace", "a task between retries", { ...plain, hasStarted: true }, "replace"],
    ["replace", "a task that runs", { ...plain, state: "running" }, "refuse"],
    ["replace", "a leased one", { ...plain, state: "leased" }, "refuse"],
    ["replace", "a master that waits", { ...plain, state: "waiting" }, "refuse"],
    ["replace", "a subtask", { ...plain, spec: { group: { name: "g", index: 0 } } }, "refuse"],
    ["replace", "one that another waits behind", { ...window, next }, "refuse"],
    ["replace", "a tombstone", done, "refuse"],
    ["debounce", "a plain task", plain, "refuse"],
    ["debounce", "one that waits", window, "replace"],
    ["debounce", "one that runs", { ...window, state: "running" }, "follow"],
    ["debounce", "a leased one", { ...window, state: "leased" }, "follow"],
    ["debounce", "one between retries", { ...window, hasStarted: true }, "follow"],
    ["debounce", "one that another waits behind", { ...window, next }, "replaceNext"],
    ["debounce", "a tombstone", done, "add"],
    ["debounce", "a failed one", { ...made, state: "failed" }, "add"],
    ["throttle", "a plain task", plain, "refuse"],
    ["throttle", "one of this window", window, "answer"],
    ["throttle", "one of this window that runs", { ...window, state: "running" }, "answer"],
    ["throttle", "one of a window before", { ...window, ...old }, "follow"],
    ["throttle", "one that another waits behind", { ...window, ...old, next }, "answerNext"],
    ["throttle", "one that is done, in the window", done, "answer"],
    ["throttle", "one that is done, after it", { ...old, state: "done" }, "add"],
    ["throttle", "one that failed, in the window", { ...made, state: "failed" }, "answer"],
    ["throttle", "one that expired, in the window", { ...made, state: "expired" }, "answer"],
    ["throttle", "one that was deleted, in the window", { ...made, state: "deleted" }, "add"],
  ])("%s, and there is %s", (rule, _, holder, expected) => {
    const spec: TaskSpec = rule === "debounce" ? { debounce: { seconds: 5 } } : WINDOW;
    expect(stepOf(rule, spec, holder, NOW).do).toBe(expected);
  });
});
