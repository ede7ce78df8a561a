// Keys over HTTP: lists, limits of one key, and what is refused of either.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { send } from "../../support/bytes.ts";
import { elsewhere } from "../../support/doors.ts";
import { crash, freshStart, queue } from "../../support/time.ts";

beforeEach(freshStart);

const KEYS = "/_ah/api/queues/stopped/keys";
const JSON_TYPE = { "Content-Type": "application/json" };
const put = (key: string, body: unknown, queueName = "stopped") =>
  send("PUT", `/_ah/api/queues/${queueName}/keys/${key}`, JSON.stringify(body), JSON_TYPE);
const NONE = { rate: "none", bucketSize: 5, weight: 1 };

async function addFor(...keys: string[]): Promise<void> {
  await queue("stopped").add(keys.map((key) => ({ key })));
}

describe("the list of keys", () => {
  it("is empty, and costs nothing, where no task names one", async () => {
    await queue("stopped").add([{}, {}]);
    expect((await send("GET", KEYS, undefined)).body).toEqual({ keys: [] });
  });

  it("has each key with tasks by name, page by page", async () => {
    const names = ["b", "a", "a/b", "ü", "é.x", "__proto__", "z".repeat(200), "😀"];
    await addFor(...names, "a", "a");
    await queue("stopped").add([{ priority: 1 }, { key: "a", countdown: 60 }]);
    const found: string[] = [];
    let cursor = "";
    do {
      const query = `?limit=3${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const { status, body } = await send("GET", KEYS + query, undefined);
      expect(status).toBe(200);
      found.push(...body.keys.map(({ key }: { key: string }) => key));
      expect(body.keys.length).toBeLessThanOrEqual(3);
      cursor = body.cursor ?? "";
    } while (cursor);
    expect(found.sort()).toEqual([...names].sort());
    const { keys } = await queue("stopped").keys({ limit: 1 });
    expect(await elsewhere().get("stopped").key("a")).toEqual({
      ...{ key: "a", waiting: 3, scheduled: 1, running: 0, tokens: null, limits: NONE },
    });
    expect(keys).toHaveLength(1);
  });

  it("counts up to 1,000 of each", async () => {
    for (let i = 0; i < 2; i++) {
      await queue("stopped").add(Array.from({ length: 600 }, () => ({ key: "a", priority: i })));
    }
    await queue("stopped").add(Array.from({ length: 1000 }, () => ({ key: "a", countdown: 60 })));
    expect(await queue("stopped").key("a")).toMatchObject({ waiting: 1001, scheduled: 1000 });
  });

  it.each([
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=x", "limit"],
    ["cursor=", "cursor"],
    ["cursor=x", "cursor"],
    ["cursor=a.b", "cursor"],
    ["prefix=a", "prefix"],
  ])("refuses ?%s", async (query, field) => {
    const { status, code, message } = await send("GET", `${KEYS}?${query}`, undefined);
    expect([status, code]).toEqual([400, "INVALID_REQUEST"]);
    expect(message).toContain(field);
  });

  it("refuses a cursor of another queue's", async () => {
    await addFor("a", "b");
    const { cursor } = await queue("stopped").keys({ limit: 1 });
    await expect(queue("push").keys({ cursor })).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  });
});

describe("a key", () => {
  it.each([
    "acme",
    "a/b",
    "ü é",
    "a:b",
    "a:pause",
    "~pause",
    "a.b",
    "100%",
    "*",
    "?#&",
    "__proto__",
  ])("%j is reached by its name, with tasks or without", async (key) => {
    const none = { key, waiting: 0, scheduled: 0, running: 0, tokens: null, limits: NONE };
    expect(await queue("stopped").key(key)).toEqual(none);
    await addFor(key);
    const view = { ...none, waiting: 1 };
    expect(await elsewhere().get("stopped").key(key)).toEqual(view);
    const path = `${KEYS}/${encodeURIComponent(key).replaceAll("~", "%7E")}`;
    expect((await send("GET", path, undefined)).body).toEqual(view);
    const { tasks } = await elsewhere().get("stopped").list({ key });
    expect(tasks).toMatchObject([{ key }]);
  });

  it.each([".", ".."])("%j cannot be named in a path, and can be by the handle", async (key) => {
    await addFor(key);
    expect(await queue("stopped").key(key)).toMatchObject({ waiting: 1 });
    await expect(elsewhere().get("stopped").key(key)).rejects.toThrow("no path can name");
  });

  it.each([
    [`${KEYS}/${"k".repeat(201)}`, 400, "1 to 200 characters"],
    [`${KEYS}/a?x=1`, 400, "no options"],
    [`${KEYS}/%ff`, 400, "percent-encoding"],
    ["/_ah/api/queues/nope/keys/a", 404, "nope"],
    ["/_ah/api/queues/nope/keys", 404, "nope"],
    ["/_ah/api/queues/four-shards/keys", 400, "expected one of one shard"],
    ["/_ah/api/queues/four-shards/keys/a", 400, "expected one of one shard"],
  ])("GET %s is %i", async (path, status, said) => {
    const answer = await send("GET", path, undefined);
    expect([answer.status, answer.message]).toEqual([status, expect.stringContaining(said)]);
  });
});

describe("a list of tasks by key", () => {
  it("has those of the key alone, over its pages", async () => {
    await queue("stopped").add(
      Array.from({ length: 40 }, (_, i) => ({ name: `n${i}`, key: i % 4 ? "b" : "a" })),
    );
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queue("stopped").list({ key: "a", limit: 3, ...(cursor && { cursor }) });
      names.push(...page.tasks.map(({ name }) => name));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(names).toHaveLength(10);
    const path = "/_ah/api/queues/stopped/tasks?limit=100&key=a&prefix=n1";
    expect((await send("GET", path, undefined)).body.tasks).toMatchObject([
      ...[{ name: "n12" }, { name: "n16" }],
    ]);
  });
});

describe("limits of one key", () => {
  it("are in place of the queue's, outlive a crash, and are taken away again", async () => {
    const keys = { rate: "5/s", max_concurrent_requests: 4, per_key: { acme: { weight: 2 } } };
    await queue("made").define({ rate: "1/s", extensions: { keys } });
    const own = { rate: "5/s", bucketSize: 5, maxConcurrentRequests: 4, weight: 2 };
    expect((await queue("made").key("acme")).limits).toEqual(own);
    const set = { rate: "1/m", max_concurrent_requests: "none" };
    const limits = { rate: "1/m", bucketSize: 5, weight: 2 };
    const answer = await put("acme", set, "made");
    expect([answer.status, answer.message]).toEqual([200, ""]);
    expect(answer.body).toMatchObject({ key: "acme", set, limits });
    expect(answer.body.limits).toEqual(limits);
    await crash();
    expect(await queue("made").key("acme")).toMatchObject({ set, limits });
    expect((await queue("made").key("other")).limits).toEqual({ ...own, weight: 1 });
    // What it leaves out is as the queue says, whatever that says later.
    await queue("made").define({ rate: "1/s", extensions: { keys: { weight: 7 } } });
    expect((await queue("made").key("acme")).limits).toEqual({ ...limits, weight: 7 });
    const reset = await send("DELETE", "/_ah/api/queues/made/keys/acme", undefined);
    expect([reset.status, reset.body.limits]).toEqual([200, { ...NONE, weight: 7 }]);
    expect(reset.body).not.toHaveProperty("set");
    await crash();
    expect(await queue("made").key("acme")).not.toHaveProperty("set");
  });

  it("can be set where the queue has none, and go when the queue is removed", async () => {
    await queue("made").define({ rate: "1/s" });
    await elsewhere().get("made").limitKey("a/b", { weight: 3 });
    expect((await queue("made").key("a/b")).limits).toEqual({ ...NONE, weight: 3 });
    await queue("made").remove();
    await queue("made").define({ rate: "1/s" });
    expect((await queue("made").key("a/b")).limits).toEqual(NONE);
    await elsewhere().get("made").resetKey("a/b");
  });

  it.each<[unknown, string]>([
    [{ rate: "5" }, 'rate: found "5", expected a number per s, m, h or d'],
    [{ rate: 5 }, "rate: found 5"],
    [{ bucket_size: 0 }, "bucket_size: found 0, expected a whole number, 1 or more"],
    [{ max_concurrent_requests: 0 }, "max_concurrent_requests: found 0"],
    [{ max_concurrent_requests: "all" }, 'max_concurrent_requests: found "all"'],
    [{ weight: 0 }, "weight: found 0, expected a number from 0.01 to 100"],
    [{ weight: null }, "weight: found nothing"],
    [{ limit: 3 }, "limit: found an unknown key, expected one of rate, bucket_size, "],
    [{ per_key: {} }, "per_key: found an unknown key"],
    [{ rate: "x", weight: 0 }, "; weight: "],
    [[], "body: "],
    [null, "body"],
    ["5/s", "body"],
  ])("%j is refused by its field", async (body, said) => {
    const { status, code, message } = await put("acme", body);
    expect([status, code]).toEqual([400, "INVALID_REQUEST"]);
    expect(message).toContain(said);
    expect(message).not.toContain("per_key.");
    expect(await queue("stopped").key("acme")).not.toHaveProperty("set");
  });

  it.each<[string, string, number, string]>([
    ["nope", "a", 404, "nope"],
    ["four-shards", "a", 400, "expected one of one shard"],
    ["stopped", "free-*", 400, "expected a key's whole name"],
    ["stopped", "k".repeat(201), 400, "1 to 200 characters"],
  ])("of %s/%s are refused", async (name, key, status, said) => {
    const answer = await put(key, { weight: 2 }, name);
    expect([answer.status, answer.message]).toEqual([status, expect.stringContaining(said)]);
  });

  it("are not set by a body without fields of theirs, nor reset with a body", async () => {
    const put = await send("PUT", `${KEYS}/a`, "", JSON_TYPE);
    expect(put.status).toBe(400);
    const remove = await send("DELETE", `${KEYS}/a`, '{"rate":"1/s"}', JSON_TYPE);
    expect([remove.status, remove.message]).toEqual([400, expect.stringContaining("no fields")]);
  });

  it("are checked by the handle too", async () => {
    const wrong = [undefined, null, 5, [], { rate: 5 }, { rate: () => 1 }, { colour: 1 }];
    for (const limits of wrong) {
      await expect(queue("stopped").limitKey("a", limits as never)).rejects.toMatchObject({
        code: "INVALID_REQUEST",
      });
    }
    await expect(queue("stopped").limitKey("", {})).rejects.toThrow("1 to 200 characters");
  });
});

describe("who may read alone", () => {
  const settings = env as { TASKQUEUE_TOKEN?: string; TASKQUEUE_READ_TOKEN?: string };

  beforeEach(() => {
    Object.assign(settings, { TASKQUEUE_TOKEN: "full", TASKQUEUE_READ_TOKEN: "read" });
  });

  afterEach(() => {
    delete settings.TASKQUEUE_TOKEN;
    delete settings.TASKQUEUE_READ_TOKEN;
  });

  it("sees keys, and sets no limits", async () => {
    const headers = { ...JSON_TYPE, Authorization: "Bearer read" };
    expect((await send("GET", KEYS, undefined, headers)).status).toBe(200);
    expect((await send("GET", `${KEYS}/a`, undefined, headers)).status).toBe(200);
    expect((await send("PUT", `${KEYS}/a`, '{"weight":2}', headers)).status).toBe(403);
    expect((await send("DELETE", `${KEYS}/a`, undefined, headers)).status).toBe(403);
    expect((await send("GET", KEYS, undefined)).status).toBe(401);
  });
});
