// A queue's object of a Worker without the door by which tasks are searched for.
import { beforeEach, expect, it } from "vitest";
import { crash, freshStart, queue } from "../../support/time.ts";
import { deployed } from "../../support/worker.ts";

beforeEach(freshStart);

it.each([{ text: "x" }, { header: "a: b" }])("refuses a search, %o", async (query) => {
  deployed.Search = undefined;
  await queue("unlimited").add({ name: "one", payload: "x" });
  await crash();
  await expect(queue("unlimited").list(query)).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    message: "text, header: left out of this Worker, expected doors: [api]",
  });
  expect((await queue("unlimited").list({ prefix: "o" })).tasks).toHaveLength(1);
});
