// What may be absent may be undefined, so that a caller can hand on what it may not have.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { NewGroup, NewTask } from "../../src/index.ts";
import { freshStart, queue } from "../support/time.ts";
import { work } from "../support/together.ts";
import { get } from "../support/worker.ts";

beforeEach(freshStart);

const FIELDS: (keyof NewTask)[] = [
  ...(["name", "url", "method", "params", "payload", "payloadBase64", "headers"] as const),
  ...(["countdown", "eta", "target", "routing", "tag", "dispatchDeadline"] as const),
  ...(["key", "priority"] as const),
  ...(["retry", "oidcToken", "dialect"] as const),
];

const GROUP_FIELDS: (keyof NewGroup)[] = ["name", "then", "onFailure", "master", "open"];

describe("a field that is undefined", () => {
  it.each(FIELDS)("%s is as if it were absent, in each way to add", async (field) => {
    const task = { [field]: undefined };
    const { name } = await queue("push").add(task);
    expect(await queue("push").get(name)).toMatchObject({ state: "due" });
    const [added] = await queue("push").add([task], { atomic: undefined });
    expect(added?.error).toBeUndefined();
    const group = await queue("push").group({
      tasks: [task, { queue: "paced", ...task }],
      then: task,
    });
    await work(["push", "paced", `/groups/${group.name}`], async () => {
      return (await group.progress()).then?.name !== undefined;
    });
    expect(await group.progress()).toMatchObject({ state: "done", done: 2 });
  });

  it.each(GROUP_FIELDS)("%s of a group is as if it were absent", async (field) => {
    const group = await queue("push").group({ tasks: [{}], [field]: undefined });
    expect(await group.progress()).toMatchObject({ total: 1, open: false, onFailure: "all" });
  });

  it("of what a pull queue's task has, and of a wait", async () => {
    await queue("pull").add({ payload: "", tag: undefined, name: undefined, countdown: undefined });
    expect(await queue("pull").list()).toMatchObject({ tasks: [{ state: "due" }] });
    await queue("results").add({ name: "n" });
    const waits = { timeout: undefined, signal: undefined };
    const result = get(env, "results").result("n", waits);
    await work(["results"], async () => (await queue("results").get("n")).state === "done");
    expect(await result).toBe("ok");
  });
});
