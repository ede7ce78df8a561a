// Rules of the native API that Google's does not have: before 1970, and a name twice in one call.
import { beforeEach, describe, expect, it } from "vitest";
import { ok, queueName } from "../../support/cloud-tasks.ts";
import { freshStart, pass, queue } from "../../support/time.ts";
import { received } from "../../support/worker.ts";

beforeEach(freshStart);

const parent = queueName("push");
const httpRequest = { url: "https://example.com/x?" };

describe("Google's API", () => {
  it.each(["1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])(
    "takes a scheduleTime of %s as now, as every past one",
    async (scheduleTime) => {
      const task = { appEngineHttpRequest: { relativeUri: "/x" }, scheduleTime };
      await ok("POST", `/v2/${parent}/tasks`, { task });
      await pass("push", 0);
      expect(received.map(({ url }) => url.pathname)).toEqual(["/x"]);
    },
  );

  it("keeps a url as it was given", async () => {
    const name = `${queueName("stopped")}/tasks/a`;
    await ok("POST", `/v2/${queueName("stopped")}/tasks`, { task: { name, httpRequest } });
    expect(await ok("GET", `/v2/${name}`)).toMatchObject({ httpRequest });
  });

  it.each([
    [["a", "a"], [1]],
    [
      ["a", "no", "a", "b"],
      [1, 2],
    ],
    [
      ["no", "no"],
      [0, 1],
    ],
    [["b", "a"], []],
  ])("deletes %j, each once: of these places they are missing, %j", async (ids, missing) => {
    await queue("stopped").add([{ name: "a" }, { name: "b" }]);
    const path = queueName("stopped");
    const names = ids.map((id) => `${path}/tasks/${id}`);
    const { metadata } = await ok("POST", `/v2beta3/${path}/tasks:batchDelete`, { names });
    expect(Object.keys(metadata.failedRequests ?? {})).toEqual(missing.map(String));
  });
});
