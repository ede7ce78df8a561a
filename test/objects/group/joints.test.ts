// Groups where objects meet: masters that are refused, pull queues, empty groups, evictions between steps.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { GroupAlreadyExistsError, readTask } from "../../../src/index.ts";
import { clock } from "../../support/clock.ts";
import { passEvicting } from "../../support/evictions.ts";
import { call } from "../../support/http.ts";
import { crash, freshStart, groupObject, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { group, handlers, received } from "../../support/worker.ts";

beforeEach(freshStart);

const groupOf = (name: string) => group(env, name);
const stateOf = async (name: string) => (await groupOf(name).progress()).state;
const paths = () => received.map(({ url }) => url.pathname);

describe("a master that is refused its group's name", () => {
  it("does not wait for the other's group: it is done with its handler", async () => {
    await queue("push").group({ name: "taken", open: true, tasks: [] });
    handlers.set("/m", async (request) => {
      const master = await readTask(request);
      const refused = await queue("push")
        .group({ name: "taken", master, tasks: [{}] })
        .catch((error) => error);
      return new Response(null, { status: refused instanceof GroupAlreadyExistsError ? 200 : 500 });
    });
    await queue("push").add({ name: "m", url: "/m" });
    const names = ["push", groupObject("taken")];
    await work(names, async () => (await queue("push").get("m")).state === "done", 30);
    expect(await groupOf("taken").progress()).toMatchObject({ total: 0, state: "running" });
  });

  it("may wait for another group after that", async () => {
    await queue("push").group({ name: "taken", open: true, tasks: [] });
    handlers.set("/m", async (request) => {
      const master = await readTask(request);
      await queue("push")
        .group({ name: "taken", master, tasks: [] })
        .catch(() => {});
      await queue("push").group({ name: "own", master, tasks: [{ url: "/s" }] });
      return new Response();
    });
    await queue("push").add({ name: "m", url: "/m" });
    const names = ["push", groupObject("own")];
    await work(names, async () => (await queue("push").get("m")).state === "done");
    expect(paths()).toContain("/s");
  });
});

describe("subtasks on a pull queue", () => {
  const names = ["pull", "pull-twice", groupObject("g")];

  it("end the group with their acknowledgement alone", async () => {
    await queue("pull").group({ name: "g", tasks: [{ payload: "a" }, { payload: "b" }] });
    await work(names, async () => (await queue("pull").list()).tasks.length === 2);
    clock.now += 1;
    const leased = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 9 });
    await queue("pull").acknowledge(leased);
    // Nothing else touches the queue: its own alarm sends the events.
    await work(names, async () => (await stateOf("g")) === "done", 5);
    expect(await groupOf("g").progress()).toMatchObject({ done: 2 });
  });

  it("end it when they are out of leases", async () => {
    await queue("pull-twice").group({ name: "g", tasks: [{ payload: "a" }] });
    await work(names, async () => (await queue("pull-twice").list()).tasks.length === 1);
    clock.now += 1;
    for (let i = 0; i < 3; i++) {
      await queue("pull-twice").lease({ leaseSeconds: 1, maxTasks: 1 });
      clock.now += 2_000;
    }
    await work(names, async () => (await stateOf("g")) === "failed", 5);
    expect(await groupOf("g").progress()).toMatchObject({ failed: 1 });
  });

  it("end it when they are deleted, purged, or acknowledged though every object is evicted between", async () => {
    const tasks = [{ name: "a" }, { name: "b" }, { name: "c" }].map((it) => ({
      ...it,
      payload: "",
    }));
    await queue("pull").group({ name: "g", tasks, onFailure: 2 });
    await work(names, async () => (await queue("pull").list()).tasks.length === 3);
    const between = crash;
    await between();
    await queue("pull").delete(["a"]);
    await between();
    clock.now += 1;
    const [b] = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
    await between();
    await queue("pull").acknowledge(b ? [b] : []);
    await between();
    await queue("pull").purge();
    await between();
    await work(names, async () => (await stateOf("g")) === "done", 10);
    expect(await groupOf("g").progress()).toMatchObject({ done: 1, deleted: 2 });
  });
});

describe("an empty group", () => {
  it.each(["all", "any", 0, 5] as const)(
    "is done at once, and adds `then`: onFailure %s",
    async (onFailure) => {
      const then = { queue: "push", url: "/then" };
      const [status, made] = await call("POST", "/groups", {
        name: "e",
        tasks: [],
        onFailure,
        then,
      });
      expect([status, made.state, made.total]).toEqual([201, "done", 0]);
      await work(["push", groupObject("e")], () => paths().includes("/then"), 10);
    },
  );

  it("without `then` is done at once", async () => {
    const [, made] = await call("POST", "/groups", { name: "e", tasks: [] });
    expect(made).toMatchObject({ state: "done", open: false, total: 0 });
  });
});

it("a group goes its whole way though every object is evicted between any two events", async () => {
  handlers.set("/m", async (request) => {
    const master = await readTask(request);
    const tasks = [{ url: "/s" }, { queue: "pull", payload: "p" }];
    await queue("unlimited").group({
      name: "g",
      master,
      tasks,
      then: { queue: "unlimited", url: "/then" },
    });
    return new Response();
  });
  await queue("unlimited").add({ name: "m", url: "/m" });
  const names = ["unlimited", "pull", groupObject("g")];
  await passEvicting(names, 60, async () => (await queue("pull").list()).tasks.length === 1);
  clock.now += 1;
  const leased = await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 });
  await crash();
  await queue("pull").acknowledge(leased);
  await passEvicting(names, 60, () => paths().includes("/then"));
  expect(await stateOf("g")).toBe("done");
  await work(names, async () => (await queue("unlimited").get("m")).state === "done");
  expect(paths().filter((path) => path === "/then")).toHaveLength(1);
  expect(paths().filter((path) => path === "/s")).toHaveLength(1);
});
