// Fan-out and fan-in through the front door: groups of subtasks, masters that wait for them, and what
// follows once.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { GroupHandle, GroupResult, NewGroup, QueueHandle } from "../../../src/index.ts";
import { readTask } from "../../../src/index.ts";
import { clock } from "../../support/clock.ts";
import { call, outside } from "../../support/http.ts";
import { crash, freshStart, groupObject, queue } from "../../support/time.ts";
import { work } from "../../support/together.ts";
import { group, handlers, held, received } from "../../support/worker.ts";

beforeEach(freshStart);

const QUEUES = ["push", "paced", "unlimited", "one-retry", "brief"];
const at = (...groups: string[]) => [...QUEUES, ...groups.map((name) => `/groups/${name}`)];

async function resultsOf(handle: GroupHandle): Promise<GroupResult[]> {
  const all: GroupResult[] = [];
  for await (const result of handle.results()) all.push(result);
  return all;
}

async function stateOf(handle: GroupHandle): Promise<string> {
  return (await handle.progress()).state;
}

const paths = () => received.map(({ url }) => url.pathname);

/** A task on queue "push" whose handler makes a group that it waits for. */
async function master(name: string, given: Omit<NewGroup, "master">): Promise<void> {
  handlers.set(`/master/${name}`, async (request) => {
    const task = await readTask(request);
    await get("push").group({ ...given, master: task });
    return new Response("fanned out");
  });
  await queue("push").add({ name, url: `/master/${name}` });
}

const get = (name: string): QueueHandle => queue(name);

describe("a group", () => {
  it("is done when its subtasks on several queues are, and has their answers in the order given", async () => {
    handlers.set("/square", async (request) => {
      const { payload = 0 } = await readTask<number>(request);
      return Response.json(payload * payload);
    });
    const tasks = Array.from({ length: 12 }, (_, i) => ({
      queue: ["push", "paced", "unlimited"][i % 3] as string,
      url: "/square",
      payload: i,
    }));
    const squares = await queue("push").group({ name: "squares", tasks });
    await work(at("squares"), async () => (await stateOf(squares)) === "done");
    const results = await resultsOf(squares);
    expect(results.map(({ index, result }) => [index, result])).toEqual(
      tasks.map((_, i) => [i, i * i]),
    );
    expect(await squares.progress()).toMatchObject({
      total: 12,
      done: 12,
      failed: 0,
      running: 0,
      open: false,
    });
  });

  it("adds `then` once, whose handler reads the group", async () => {
    handlers.set("/sum", async (request) => {
      const task = await readTask(request);
      const results = await resultsOf(group(env, task.group as string));
      return Response.json({ of: results.length, group: task.group });
    });
    await queue("push").group({
      name: "g",
      tasks: [{}, { queue: "paced" }],
      then: { queue: "unlimited", url: "/sum", payload: "for then" },
    });
    await work(at("g"), () => paths().includes("/sum"));
    const [sum] = received.filter(({ url }) => url.pathname === "/sum");
    expect(sum?.headers.get("X-TaskQueue-Group")).toBe("g");
    expect(sum?.headers.get("X-AppEngine-TaskName")).toBe("g-then");
    await work(at("g"), async () => (await group(env, "g").progress()).then?.name === "g-then");
    // A crash before its end is written would run it once more.
    await work(at("g"), async () => (await queue("unlimited").get("g-then")).state === "done", 60);
    await crash();
    await work(at("g"), async () => (await group(env, "g").progress()).state === "done", 60);
    expect(paths().filter((path) => path === "/sum")).toHaveLength(1);
  });

  it("without subtasks is done at once", async () => {
    const empty = await queue("push").group({ name: "e", tasks: [] });
    await empty.close();
    expect(await stateOf(empty)).toBe("done");
  });
});

describe("a master", () => {
  it("waits for its group and is done with it", async () => {
    const { started, answer } = held("/slow");
    await master("m", { tasks: [{ url: "/slow" }, { url: "/slow" }] });
    await work(
      at("push-m"),
      async () => started() === 2 && (await queue("push").get("m")).state === "waiting",
    );
    expect(await queue("push").get("m")).toMatchObject({
      state: "waiting",
      waitsFor: "push-m",
      why: 'waiting for its group "push-m"',
    });
    expect((await queue("push").list({ state: "waiting" })).tasks.map(({ name }) => name)).toEqual([
      "m",
    ]);
    expect((await queue("push").describe()).statistics.states).toMatchObject({
      waiting: 1,
      scheduled: 0,
    });
    expect(await group(env, "push-m").progress()).toMatchObject({
      running: 2,
      master: { queue: "push", name: "m" },
    });
    answer(0, 200);
    await work(at("push-m"), async () => (await group(env, "push-m").progress()).done === 1);
    expect((await queue("push").get("m")).state).toBe("waiting");
    answer(1, 200);
    await work(at("push-m"), async () => (await queue("push").get("m")).state === "done");
  });

  it("that is tried again adds nothing twice", async () => {
    let attempts = 0;
    handlers.set("/master/again", async (request) => {
      const task = await readTask(request);
      const steps = await get("push").group({ master: task });
      await steps.add([{ queue: "paced", url: "/step" }]);
      if (attempts++ < 2) return new Response(null, { status: 500 });
      await steps.add([
        { queue: "paced", url: "/step" },
        { queue: "paced", url: "/step" },
      ]);
      return new Response();
    });
    await queue("push").add({ name: "again", url: "/master/again" });
    await work(at("push-again"), async () => (await queue("push").get("again")).state === "done");
    expect(attempts).toBe(3);
    expect(paths().filter((path) => path === "/step")).toHaveLength(3);
  });

  it("fails when its group does, and says why", async () => {
    handlers.set("/bad", () => new Response("no", { status: 500 }));
    await master("f", { tasks: [{ queue: "brief", url: "/bad" }, { queue: "paced" }] });
    await work(at("push-f"), async () => (await queue("push").get("f")).state === "failed");
    expect((await queue("push").get("f")).lastAttempt?.error).toBe(
      'its group "push-f" failed: of 2 subtasks 1 failed',
    );
    const [bad, good] = await resultsOf(group(env, "push-f"));
    expect(bad).toMatchObject({ state: "failed", error: "no" });
    expect(good).toMatchObject({ state: "done", result: "ok" });
  });

  it("that failed with its group takes the group's end when both are redriven", async () => {
    handlers.set("/bad", () => new Response(null, { status: 500 }));
    await master("f", { tasks: [{ queue: "brief", url: "/bad" }, { queue: "paced" }] });
    await work(at("push-f"), async () => (await queue("push").get("f")).state === "failed");
    handlers.delete("/bad");
    await queue("brief").redrive("all");
    await work(at("push-f"), async () => (await stateOf(group(env, "push-f"))) === "done");
    expect((await queue("push").get("f")).state).toBe("failed");
    await queue("push").redrive(["f"]);
    await work(at("push-f"), async () => (await queue("push").get("f")).state === "done");
    expect(await group(env, "push-f").progress()).toMatchObject({ total: 2, done: 2 });
  });

  it("that fails for good leaves its group open, and ends it when it is redriven", async () => {
    let isBroken = true;
    handlers.set("/half", async (request) => {
      const steps = await get("paced").group({ master: await readTask(request), name: "half" });
      await steps.add([{ queue: "paced", url: "/step" }]);
      return new Response(null, { status: isBroken ? 500 : 200 });
    });
    await queue("brief").add({ name: "given-up", url: "/half" });
    const half = async () => group(env, "half").progress();
    await work(at("half"), async () => (await queue("brief").get("given-up")).state === "failed");
    await work(at("half"), async () => (await half()).done === 1);
    expect(await half()).toMatchObject({ state: "running", open: true, total: 1 });
    isBroken = false;
    await queue("brief").redrive(["given-up"]);
    await work(at("half"), async () => (await queue("brief").get("given-up")).state === "done");
    expect(paths().filter((path) => path === "/step")).toHaveLength(1);
  });

  it("may be a subtask itself: groups nest", async () => {
    handlers.set("/inner", async (request) => {
      const task = await readTask(request);
      await get("paced").group({
        name: "inner",
        master: task,
        tasks: [{ url: "/leaf" }, { url: "/leaf" }],
      });
      return Response.json("from the inner master");
    });
    await master("outer", {
      tasks: [
        { url: "/inner", name: "i" },
        { queue: "paced", url: "/leaf" },
      ],
    });
    const names = at("push-outer", "inner");
    await work(names, async () => (await queue("push").get("outer")).state === "done");
    expect(paths().filter((path) => path === "/leaf")).toHaveLength(3);
    expect((await resultsOf(group(env, "push-outer"))).map(({ result }) => result)).toEqual([
      "from the inner master",
      "ok",
    ]);
  });

  it("is found again by its name alone only while it is the same task", async () => {
    for (const run of [1, 2]) {
      await master("m", { tasks: [{ url: `/sub-${run}` }] });
      await work(at("push-m"), async () => (await queue("push").get("m")).state === "done");
      await queue("push").release("m");
      clock.now += 1000;
    }
    expect(paths().filter((path) => path.startsWith("/sub-"))).toEqual(["/sub-1", "/sub-2"]);
  });
});

describe("a master's name that is used again", () => {
  const freed = async (name: string) => {
    await queue("push").delete([name]);
    await queue("push").release(name);
    clock.now += 1000;
  };

  it("makes a group of its own, which nothing of the one that failed before disturbs", async () => {
    handlers.set("/bad", () => new Response(null, { status: 500 }));
    const bad = { queue: "brief", url: "/bad", name: "bad" };
    await master("m", { tasks: [bad, { queue: "brief", url: "/bad" }, { queue: "paced" }] });
    await work(at("push-m"), async () => (await queue("push").get("m")).state === "failed");
    await freed("m");

    const { started, answer } = held("/slow");
    await master("m", { tasks: [{ queue: "brief", url: "/slow" }, { url: "/last" }] });
    await work(at("push-m"), () => started() === 1 && paths().includes("/last"));
    handlers.delete("/bad");
    await queue("brief").redrive(["bad"]);
    await work(at("push-m"), async () => (await queue("brief").get("bad")).state === "done");
    await crash();
    await work(at("push-m"), () => started() === 2);
    expect(await group(env, "push-m").progress()).toMatchObject({ total: 2, done: 1, failed: 0 });
    answer(1, 200);
    await work(at("push-m"), async () => (await queue("push").get("m")).state === "done");
    const results = await resultsOf(group(env, "push-m"));
    expect(results.map(({ index, queue: of }) => [index, of])).toEqual([
      [0, "brief"],
      [1, "push"],
    ]);
  });

  it("makes a group of its own after one that was cancelled", async () => {
    await master("m", { tasks: [{ queue: "stopped" }, { queue: "paced", countdown: 60 }] });
    const waits = async () => (await queue("push").get("m")).state === "waiting";
    await work(at("push-m"), waits, 10);
    await group(env, "push-m").cancel();
    await work(
      [...at("push-m"), "stopped"],
      async () => (await queue("push").get("m")).state === "failed",
    );
    await freed("m");
    await master("m", { tasks: [{ queue: "paced", url: "/again" }] });
    await work(at("push-m"), async () => (await queue("push").get("m")).state === "done");
    expect(paths()).toContain("/again");
  });
});

describe("a group that is over before its master's handler is", () => {
  const endings: [string, (handle: GroupHandle) => Promise<unknown>, string][] = [
    ["closed by it", (handle) => handle.close(), "done"],
    ["cancelled", (handle) => handle.cancel(), "failed"],
  ];

  it.each(endings)("because it was %s ends the master all the same", async (_, end, state) => {
    const names = ["one-retry", ...at("push-early")];
    handlers.set("/early", async (request) => {
      const early = await get("one-retry").group({ master: await readTask(request), tasks: [{}] });
      await end(early);
      while ((await stateOf(early)) === "running") await scheduler.wait(2);
      return new Response();
    });
    await queue("push").add({ name: "early", url: "/early" });
    await work(names, async () => (await queue("push").get("early")).state === state);
  });
});

describe("what may fail", () => {
  const outcome = async (onFailure: NewGroup["onFailure"], failing: number, of: number) => {
    handlers.set("/bad", () => new Response(null, { status: 500 }));
    const tasks = Array.from({ length: of }, (_, i) => ({
      queue: "brief",
      url: i < failing ? "/bad" : "/good",
    }));
    const handle = await queue("push").group({
      name: "p",
      tasks,
      onFailure,
      then: { queue: "push", url: "/then" },
    } as NewGroup);
    await work(at("p"), async () => (await stateOf(handle)) !== "running");
    return stateOf(handle);
  };

  it.each([
    ["all", 0, 3, "done"],
    ["all", 1, 3, "failed"],
    ["any", 2, 3, "done"],
    ["any", 3, 3, "failed"],
    [1, 1, 3, "done"],
    [1, 2, 3, "failed"],
    [3, 3, 3, "done"],
  ] as const)("%s: with %d of %d failed it is %s", async (onFailure, failing, of, state) => {
    expect(await outcome(onFailure, failing, of)).toBe(state);
    if (state === "done") await work(at("p"), () => paths().includes("/then"));
  });

  it("a failed group comes back when what failed is redriven, and then its `then` is added", async () => {
    expect(await outcome("all", 1, 2)).toBe("failed");
    expect(paths()).not.toContain("/then");
    handlers.delete("/bad");
    await queue("brief").redrive("all");
    await work(at("p"), () => paths().includes("/then"));
    expect(await group(env, "p").progress()).toMatchObject({ state: "done", done: 2, failed: 0 });
  });

  it("a subtask somebody deletes, or purges, counts as lost", async () => {
    await queue("push").pause();
    const handle = await queue("push").group({ name: "d", tasks: [{ name: "one" }, {}, {}] });
    await work(at("d"), async () => (await queue("push").describe()).statistics.tasks === 3);
    await queue("push").delete(["one"]);
    await queue("push").purge();
    await work(at("d"), async () => (await stateOf(handle)) === "failed");
    expect(await handle.progress()).toMatchObject({ deleted: 3, done: 0 });
  });

  it("a subtask whose name is taken counts as failed and says so", async () => {
    await queue("push").pause();
    await queue("push").add({ name: "taken" });
    const handle = await queue("push").group({ name: "t", tasks: [{ name: "taken" }] });
    await work(at("t"), async () => (await stateOf(handle)) === "failed");
    expect((await resultsOf(handle))[0]?.error).toContain("TASK_ALREADY_EXISTS");
  });
});

describe("cancelling", () => {
  it("deletes what has not started, lets the rest end, and fails the master", async () => {
    const { started, answer } = held("/held");
    const tasks = Array.from({ length: 6 }, () => ({ queue: "two-at-once", url: "/held" }));
    await master("c", { tasks, then: { queue: "push", url: "/then" } });
    const names = [...at("push-c"), "two-at-once"];
    await work(
      names,
      async () => started() === 2 && (await queue("push").get("c")).state === "waiting",
    );
    const handle = group(env, "push-c");
    await handle.cancel();
    await work(names, async () => (await handle.progress()).deleted === 4);
    expect(await stateOf(handle)).toBe("running");
    answer(0, 200);
    answer(1, 500);
    await work(names, async () => (await queue("push").get("c")).state === "failed");
    expect(await handle.progress()).toMatchObject({ state: "cancelled", done: 1, deleted: 5 });
    expect((await queue("push").get("c")).lastAttempt?.error).toBe(
      'its group "push-c" was cancelled',
    );
    expect(started()).toBe(2);
    expect(paths()).not.toContain("/then");
  });

  it("finds its subtasks among thousands of other tasks, and deletes no others", async () => {
    const stopped = queue("stopped");
    const others = () => Array.from({ length: 700 }, (_, i) => ({ countdown: i }));
    await stopped.add(others());
    const tasks = Array.from({ length: 650 }, (_, i) => ({ queue: "stopped", countdown: i }));
    await stopped.group({ name: "many", tasks });
    const names = [groupObject("many"), "stopped"];
    const left = async () => (await stopped.describe()).statistics.tasks;
    await work(names, async () => (await left()) === 700 + 650);
    await stopped.add(others());
    await group(env, "many").cancel();
    await work(names, async () => (await group(env, "many").progress()).deleted === 650);
    expect(await left()).toBe(2 * 700);
  });

  it("reaches the groups within", async () => {
    handlers.set("/inner", async (request) => {
      await get("stopped").group({ name: "inner", master: await readTask(request), tasks: [{}] });
      return new Response();
    });
    await master("o", { tasks: [{ url: "/inner", name: "i" }] });
    const names = [...at("push-o", "inner"), "stopped"];
    const waiting = async () => (await queue("push").list({ state: "waiting" })).tasks.length;
    await work(names, async () => (await waiting()) === 2);
    await group(env, "push-o").cancel();
    await work(names, async () => (await queue("push").get("o")).state === "failed");
    expect(await stateOf(group(env, "inner"))).toBe("cancelled");
    expect((await queue("stopped").describe()).statistics.tasks).toBe(0);
  });
});

describe("over HTTP", () => {
  it("makes, shows, follows and cancels a group", async () => {
    const [status, made] = await call("POST", "/groups", {
      name: "h",
      tasks: [{ queue: "stopped" }, { queue: "stopped" }],
    });
    expect([status, made]).toMatchObject([201, { name: "h", state: "running", total: 2, done: 0 }]);
    expect(await call("GET", "/groups/h")).toMatchObject([200, { total: 2 }]);
    const [, cancelled] = await call("POST", "/groups/h:cancel");
    await work(
      [...at("h"), "stopped"],
      async () => (await call("GET", "/groups/h"))[1].state === "cancelled",
    );
    expect(cancelled).toMatchObject({ name: "h", open: false });
    const [, { results }] = await call("GET", "/groups/h/results?limit=1");
    expect(results).toEqual([{ index: 0, queue: "stopped", state: "deleted" }]);
  });

  it("has the results of its subtasks a page at a time, in their order", async () => {
    const tasks = Array.from({ length: 5 }, (_, i) => ({ queue: i % 2 ? "push" : "paced" }));
    await call("POST", "/groups", { name: "paged", tasks });
    await work(at("paged"), async () => (await stateOf(group(env, "paged"))) === "done");
    const pages: number[][] = [];
    for (let query = "?limit=2"; query !== ""; ) {
      const [, page] = await call("GET", `/groups/paged/results${query}`);
      pages.push((page.results as GroupResult[]).map(({ index }) => index));
      query = page.cursor === undefined ? "" : `?limit=2&cursor=${page.cursor}`;
    }
    expect(pages).toEqual([[0, 1], [2, 3], [4]]);
  });

  it("is followed as server-sent events until it is over", async () => {
    await call("POST", "/groups", { name: "s", tasks: [{ queue: "push" }, { queue: "push" }] });
    const response = await outside("/groups/s/events");
    expect(response.headers.get("Content-Type")).toBe("text/event-stream");
    const read = response.text();
    await work(at("s"), async () => (await stateOf(group(env, "s"))) === "done");
    const events = (await read).trim().split("\n\n");
    const seen = events.map((event) => JSON.parse(event.replace(/^event: progress\ndata: /, "")));
    expect(seen[0]).toMatchObject({ name: "s", total: 2 });
    expect(seen.at(-1)).toMatchObject({ state: "done", done: 2 });
    expect((await outside("/groups/none/events")).status).toBe(404);
  });

  it.each([
    [{ tasks: [{ url: "/x" }] }, "INVALID_REQUEST", "tasks[0].queue: found undefined"],
    [{ tasks: [{ queue: "nope" }] }, "UNKNOWN_QUEUE", 'there is no queue "nope"'],
    [
      { tasks: [{ queue: "push" }, { queue: "push", name: "a b" }] },
      "INVALID_TASK_NAME",
      "tasks[1]: name:",
    ],
    [
      {
        tasks: [
          { queue: "push", name: "a" },
          { queue: "push", name: "a" },
        ],
      },
      "DUPLICATE_TASK_NAME",
      "twice",
    ],
    [{ tasks: [], then: { queue: "push", nope: 1 } }, "INVALID_REQUEST", "then: "],
    [{ tasks: [], onFailure: "some" }, "INVALID_REQUEST", 'onFailure: found "some"'],
    [{ tasks: [], onFailure: -1 }, "INVALID_REQUEST", "onFailure: found -1"],
    [{ name: "a/b", tasks: [] }, "INVALID_TASK_NAME", "name: "],
    [{}, "INVALID_REQUEST", "tasks: found undefined"],
    [{ tasks: [], extra: 1 }, "INVALID_REQUEST", "extra"],
    [{ tasks: [], master: { queue: "push", name: "none" } }, "UNKNOWN_TASK", "that is running"],
    [{ name: "there", tasks: [] }, "GROUP_ALREADY_EXISTS", '"there"'],
  ])("refuses %j", async (given, code, words) => {
    await call("POST", "/groups", { name: "there", open: true });
    const [, said] = await call("POST", "/groups", given);
    const error = said.error as { code: string; message: string };
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it("says of a group nobody made that there is none, and of a closed one that it is", async () => {
    expect(await call("GET", "/groups/none")).toMatchObject([
      404,
      { error: { code: "UNKNOWN_GROUP" } },
    ]);
    await call("POST", "/groups", { name: "c", open: true });
    await call("POST", "/groups/c/tasks", { tasks: [{ queue: "stopped" }] });
    expect(await call("POST", "/groups/c:close")).toMatchObject([200, { open: false, total: 1 }]);
    const late = await call("POST", "/groups/c/tasks", { tasks: [{ queue: "stopped" }] });
    expect(late).toMatchObject([409, { error: { code: "GROUP_CLOSED" } }]);
  });
});
