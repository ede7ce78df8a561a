// Subtasks that are added to one group at the same time, and again by a master's next attempt.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type GroupHandle, type PushedTask, readTask } from "../../src/index.ts";
import { freshStart, queue } from "../support/time.ts";
import { work } from "../support/together.ts";
import { group, handlers, received } from "../support/worker.ts";

beforeEach(freshStart);

const three = (call: number) =>
  [0, 1, 2].map((i) => ({ queue: "paced", url: `/step/${call}-${i}` }));
const nine = [0, 1, 2].flatMap((call) => three(call).map(({ url }) => url));

/** Runs a master whose handler adds subtasks; its first attempts fail. The paths of the subtasks that ran. */
async function runMaster(
  add: (task: PushedTask, attempt: number) => Promise<unknown>,
  failures = 0,
): Promise<string[]> {
  let attempts = 0;
  handlers.set("/master", async (request) => {
    await add(await readTask(request), attempts);
    return new Response(null, { status: attempts++ < failures ? 500 : 200 });
  });
  await queue("push").add({ name: "m", url: "/master" });
  const names = ["push", "paced", "/groups/push-m"];
  await work(names, async () => (await queue("push").get("m")).state === "done");
  return received
    .map(({ url }) => url.pathname)
    .filter((path) => path.startsWith("/step/"))
    .sort();
}

const parallel = (...adds: (() => Promise<unknown>)[]) => Promise.all(adds.map((add) => add()));

describe("three adds of three subtasks in parallel", () => {
  it("through one handle are nine subtasks, and the same nine when the master is tried again", async () => {
    const ran = await runMaster(async (task) => {
      const steps = await queue("push").group({ master: task });
      await parallel(...[0, 1, 2].map((call) => () => steps.add(three(call))));
    }, 2);
    expect(ran).toEqual(nine);
    expect((await group(env, "push-m").progress()).total).toBe(9);
  });

  it("through two handles of one attempt are nine, and the same nine on the next attempt", async () => {
    const ran = await runMaster(async (task) => {
      const [first, second] = [
        await queue("push").group({ master: task }),
        await queue("push").group({ master: task }),
      ] as [GroupHandle, GroupHandle];
      await parallel(
        () => first.add(three(0)),
        () => second.add(three(1)),
        () => first.add(three(2)),
      );
    }, 1);
    expect(ran).toEqual(nine);
  });

  it("through the master's handle and one that did not make the group are nine", async () => {
    const ran = await runMaster(async (task) => {
      const own = await queue("push").group({ master: task });
      const other = group(env, own.name);
      await other.add(three(0));
      await parallel(
        () => own.add(three(1)),
        () => other.add(three(2)),
      );
    });
    expect(ran).toEqual(nine);
  });

  it("to an open group without a master are nine, through whichever handles", async () => {
    const open = await queue("paced").group({ name: "o", open: true });
    const other = group(env, "o");
    await parallel(
      () => open.add(three(0)),
      () => other.add(three(1)),
      () => open.add(three(2)),
    );
    expect((await open.close()).total).toBe(9);
  });
});

describe("an add that is refused", () => {
  const bad = [0, 1, 2].map(() => ({ queue: "nowhere" }));

  it("leaves no hole in which later ones are lost, nor are they added twice on the next attempt", async () => {
    const ran = await runMaster(async (task) => {
      const steps = await queue("push").group({ master: task });
      await Promise.allSettled([
        steps.add(three(0)),
        steps.add(bad),
        steps.add(three(1)),
        steps.add(three(2)),
      ]);
    }, 1);
    expect(ran).toEqual(nine);
  });

  it("is added when the next attempt adds it rightly", async () => {
    const ran = await runMaster(async (task, attempt) => {
      const steps = await queue("push").group({ master: task });
      await steps.add(attempt === 0 ? bad : three(0)).catch(() => {});
      await parallel(
        () => steps.add(three(1)),
        () => steps.add(three(2)),
      );
    }, 1);
    expect(ran).toEqual(nine);
  });

  it("and repeated in the same attempt keeps its numbers", async () => {
    const ran = await runMaster(async (task, attempt) => {
      const steps = await queue("push").group({ master: task });
      if (attempt === 0) {
        await steps.add(bad).catch(() => {});
        await steps.add(bad).catch(() => {});
        return;
      }
      for (const call of [0, 1, 2]) await steps.add(three(call));
    }, 1);
    expect(ran).toEqual(nine);
  });
});
