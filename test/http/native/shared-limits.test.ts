// Limits that queues share, through HTTP: a queue made while running names those of the file, and says what it has.
import { beforeEach, expect, it } from "vitest";
import { clock } from "../../support/clock.ts";
import { call } from "../../support/http.ts";
import { freshStart, runUntil } from "../../support/time.ts";

beforeEach(freshStart);

const put = (entry: object) => call("PUT", "/queues/made", entry);

it("a queue made by PUT draws from a limit of the file", async () => {
  const [status, made] = await put({ rate: "500/s", extensions: { limits: ["stripe"] } });
  expect(status).toBe(200);
  expect(made.extensions).toMatchObject({ limits: ["stripe"] });
  const numbers = { name: "stripe", rate: "90/s", bucketSize: 10 };
  expect(made.limits).toEqual([{ ...numbers, inFlight: 0, tokens: 0 }]);
  await call("POST", "/queues/made/tasks", { tasks: Array.from({ length: 12 }, () => ({})) });
  await runUntil("made", clock.now + 2_000);
  const [, after] = await call("GET", "/queues/made");
  expect(after.statistics).toMatchObject({ tasks: 0, doneLastMinute: 12 });
});

it.each<[string, object, RegExp]>([
  [
    "a limit the file has not",
    { limits: ["paypal"] },
    /found "paypal" in extensions\.limits, expected a limit/,
  ],
  [
    "what is no list",
    { limits: "stripe" },
    /extensions\.limits: found "stripe", expected a list of names/,
  ],
  [
    "limits of its own",
    { limits: { stripe: {} } },
    /extensions\.limits: found a mapping, expected a list/,
  ],
  ["one twice", { limits: ["stripe", "stripe"] }, /expected each limit once/],
])("PUT refuses %s", async (_, extensions, message) => {
  const [status, { error }] = await put({ rate: "5/s", extensions });
  expect(status).toBe(400);
  expect(error).toMatchObject({ code: "INVALID_REQUEST", message: expect.stringMatching(message) });
});

it("PUT refuses limits of a pull queue", async () => {
  const [status, { error }] = await put({ mode: "pull", extensions: { limits: ["stripe"] } });
  expect(status).toBe(400);
  expect((error as Error).message).toContain(
    "extensions.limits: found a list, expected on push queues only",
  );
});
