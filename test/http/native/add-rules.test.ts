// Rules at add over HTTP: every form of a body, options in the query, batches, and what the status says.
import { beforeEach, describe, expect, it } from "vitest";
import { send } from "../../support/bytes.ts";
import { freshStart, pass, queue } from "../../support/time.ts";

beforeEach(freshStart);

const TASKS = "/_ah/api/queues/push/tasks";
const JSON_TYPE = { "Content-Type": "application/json" };

describe.each<[string, Record<string, string>, string]>([
  ["a form", { "Content-Type": "application/x-www-form-urlencoded" }, "a=1"],
  ["text", { "Content-Type": "text/plain" }, "hi"],
  ["no body", {}, ""],
  ["JSON", JSON_TYPE, '{"payload":"p"}'],
])("options in the query beside %s", (_, headers, body) => {
  it.each([
    ["name=n&ifExists=keep", 201, "added", 200, "kept"],
    ["name=n&ifExists=replace&countdown=9", 201, "added", 201, "replaced"],
    ["name=n&debounce.seconds=5&debounce.max=9.5", 201, "added", 201, "debounced"],
    ["name=n&throttle.seconds=60", 201, "added", 200, "throttled"],
    ["name=n&ifExists=reject", 201, undefined, 409, undefined],
    ["expires=60", 201, undefined, 201, undefined],
  ])("%s", async (query, status, outcome, again, outcomeAgain) => {
    const first = await send("POST", `${TASKS}?${query}`, body, headers);
    expect([first.status, first.body.outcome]).toEqual([status, outcome]);
    const second = await send("POST", `${TASKS}?${query}`, body, headers);
    expect([second.status, second.body.outcome]).toEqual([again, outcomeAgain]);
  });
});

describe("the view of a task", () => {
  it("has the fields that it was added with, and nothing of what stands behind them", async () => {
    await queue("push").add({ name: "n", debounce: { seconds: 50 }, expires: "60" });
    const { body: answer } = await send("GET", `${TASKS}/n`, undefined);
    expect(answer).toMatchObject({ debounce: { seconds: 50 }, expires: 60, state: "scheduled" });
    expect(answer).not.toHaveProperty("since");
    expect(answer).not.toHaveProperty("outcome");
  });

  it("of a plain add is as it was", async () => {
    const { status, body: answer } = await send("POST", TASKS, '{"name":"n"}', JSON_TYPE);
    expect(status).toBe(201);
    expect(Object.keys(answer).sort()).toEqual(
      [
        "createdAt",
        "eta",
        "executionCount",
        "name",
        "nextAttemptAt",
        "queue",
        "retryCount",
        "state",
      ].sort(),
    );
  });
});

it("a batch answers each with what became of it, 200 in all", async () => {
  await queue("push").add({ name: "a", countdown: 60 });
  const tasks = [
    { name: "a", ifExists: "keep" },
    { name: "b", throttle: { seconds: 5 } },
    { name: "a2" },
    { ifExists: "reject" },
  ];
  const { status, body: answer } = await send("POST", TASKS, JSON.stringify({ tasks }), JSON_TYPE);
  expect(status).toBe(200);
  const results = answer.results as { task: { outcome?: string } }[];
  expect(results.map(({ task }) => task.outcome)).toEqual(["kept", "added", undefined, undefined]);
});

it.each([
  ["name=n&debounce=5", /^debounce: found "5", expected its parts/],
  ["name=n&throttle.seconds=x", /^throttle.seconds: found "x"/],
  ["name=n&throttle.second=5", /^throttle: found "second", expected only seconds/],
  ["expires=never", /^expires: found "never"/],
  ["throttle.seconds=5", /^throttle: .* expected a name beside it/],
])("%s is refused", async (query, message) => {
  const { status, body: answer } = await send("POST", `${TASKS}?${query}`, undefined);
  expect(status).toBe(400);
  expect(answer.error).toMatchObject({ message: expect.stringMatching(message) });
});

it("an option in the query and in the body has to say the same", async () => {
  const add = (query: string, body: object) =>
    send("POST", `${TASKS}?${query}`, JSON.stringify(body), JSON_TYPE);
  expect((await add("expires=60", { expires: 60 })).status).toBe(201);
  expect((await add("expires=60", { expires: 61 })).status).toBe(400);
  const throttle = { name: "n", throttle: { seconds: 60 } };
  expect((await add("throttle.seconds=60", throttle)).status).toBe(201);
  expect((await add("throttle.seconds=61", throttle)).status).toBe(400);
});

it("lists expired tasks by their state", async () => {
  await queue("push").pause();
  await send("POST", `${TASKS}?name=n&expires=5`, undefined);
  await pass("push", 5);
  const { body: answer } = await send("GET", `${TASKS}?state=expired`, undefined);
  expect(answer.tasks).toMatchObject([{ name: "n", state: "expired" }]);
});
