// Limits of one key that are set while the queue runs, and what is said of a key at work.
import { beforeEach, describe, expect, it } from "vitest";
import { crash, fire, freshStart, pass, queue, until } from "../../support/time.ts";
import { handlers, held, received } from "../../support/worker.ts";

beforeEach(freshStart);

const made = () => queue("made");
const ran = () => received.map(({ headers }) => headers.get("X-AppEngine-TaskName"));

const define = (keys: object) =>
  made().define({ rate: "500/s", bucket_size: 100, extensions: { keys } });

const named = (prefix: string, n: number, more: object) =>
  Array.from({ length: n }, (_, i) => ({ name: `${prefix}${i}`, ...more }));

describe("limits that are set", () => {
  it("hold at once, for this key alone, and until they are reset", async () => {
    await define({});
    await made().limitKey("a", { rate: 0 });
    await made().add([...named("a", 3, { key: "a" }), ...named("b", 3, { key: "b" })]);
    await pass("made", 5);
    expect(ran().sort()).toEqual(["b0", "b1", "b2"]);
    expect(await made().key("a")).toMatchObject({ waiting: 3, why: "the rate of its key is 0" });
    expect((await made().get("a0")).why).toBe("the rate of its key is 0");
    await made().limitKey("a", { rate: "1/s", bucket_size: 1 });
    await pass("made", 1.5);
    expect(ran().length).toBeGreaterThan(3);
    await made().resetKey("a");
    await pass("made", 1);
    expect(ran()).toHaveLength(6);
  });

  it("hold after a crash, and what they leave out is as the queue says", async () => {
    await define({ max_concurrent_requests: 1 });
    await made().limitKey("a", { rate: "none" });
    await made().limitKey("b", { max_concurrent_requests: "none" });
    await crash();
    const attempts = held("/_ah/queue/made");
    await made().add([...named("a", 2, { key: "a" }), ...named("b", 2, { key: "b" })]);
    await fire("made");
    await until(() => attempts.started() === 3);
    expect(await made().key("a")).toMatchObject({
      ...{ waiting: 1, running: 1, set: { rate: "none" } },
      why: "1 of 1 running (max_concurrent_requests of its key)",
    });
    expect(await made().key("b")).toMatchObject({ waiting: 0, running: 2 });
    expect((await made().get("a1")).why).toBe(
      "1 of 1 running (max_concurrent_requests of its key)",
    );
    for (const name of ["a0", "a1", "b0", "b1"]) attempts.answer(name, 200);
    await pass("made", 5);
    expect(ran()).toHaveLength(4);
  });
});

describe("a key at work", () => {
  it("says how many tokens it has, and until when it is out of them", async () => {
    await define({ rate: "6/m", bucket_size: 2 });
    expect(await made().key("a")).toMatchObject({ tokens: 2 });
    await made().add(named("a", 3, { key: "a" }));
    await pass("made", 1);
    const view = await made().key("a");
    expect(view).toMatchObject({ waiting: 1, running: 0, tokens: 0 });
    expect(view.why).toBe(`its key is out of tokens (6/m), until ${view.blockedUntil}`);
    expect((await made().get("a2")).why).toBe(view.why);
    expect((await made().list({ key: "a" })).tasks).toMatchObject([{ why: view.why }]);
    await pass("made", 20);
    expect(await made().key("a")).toMatchObject({ waiting: 0 });
    expect(ran()).toHaveLength(3);
  });

  it("says that a task that has begun keeps the others of its key waiting", async () => {
    await made().define({
      ...{ rate: "500/s", retry_parameters: { min_backoff_seconds: 60 } },
      extensions: { keys: { max_concurrent_requests: 1 } },
    });
    let isIll = true;
    handlers.set("/_ah/queue/made", () => new Response(null, { status: isIll ? 500 : 200 }));
    await made().add(named("a", 2, { key: "a" }));
    await pass("made", 1);
    expect(ran()).toEqual(["a0"]);
    const view = await made().key("a");
    expect(view).toMatchObject({ waiting: 1, scheduled: 1 });
    expect(view.why).toMatch(/^the task of its key that has begun waits for its retry, until /);
    expect((await made().get("a0")).why).toMatch(/^in back-off until /);
    expect((await made().get("a1")).why).toBe(view.why);
    isIll = false;
    await pass("made", 70);
    expect(ran()).toEqual(["a0", "a0", "a1"]);
  });

  it("whose task was asked to run needs no token for it", async () => {
    await define({ rate: 0 });
    await made().add(named("a", 2, { key: "a" }));
    await pass("made", 1);
    await made().run("a1");
    await pass("made", 1);
    expect(ran()).toEqual(["a1"]);
  });
});
