// Objects are made where queue.yaml says: whoever calls one first says it with the call.
import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { parseQueueYaml } from "../../src/core/config/queue-yaml.ts";
import { createTaskQueues } from "../../src/index.ts";
import { Stubs } from "../../src/objects/stubs.ts";

const YAML = `
queue:
- {name: near, rate: 1/s}
- {name: far, rate: 1/s, extensions: {location: oc}}
- {name: spread, rate: 1/s, extensions: {shards: 3, location: [weur, enam, apac]}}
`;

/** The namespace of queues, with what was asked of it. */
function watched() {
  const asked: Record<string, string | undefined> = {};
  const real = (exports as unknown as { TaskQueue: DurableObjectNamespace }).TaskQueue;
  const TaskQueue = {
    getByName: (name: string, options?: { locationHint?: string }) => {
      asked[name] = options?.locationHint;
      return real.getByName(name);
    },
  };
  return { asked, TaskQueue };
}

const WANTED = {
  ...{ near: undefined, far: "oc", spread: "weur", "spread#1": "enam", "spread#2": "apac" },
};

it("callers say where", async () => {
  const { asked, TaskQueue } = watched();
  const { get } = createTaskQueues({ config: YAML });
  const env = { TASK_QUEUE: TaskQueue };
  const calls = ["near", "far", "spread"].map((name) =>
    get(env, name)
      .describe()
      .catch(() => {}),
  );
  await Promise.all(calls);
  expect(asked).toEqual(WANTED);
});

it("who makes a queue says where by its entry", async () => {
  const { asked, TaskQueue } = watched();
  const { get } = createTaskQueues({ config: YAML });
  const made = get({ TASK_QUEUE: TaskQueue }, "made");
  await made.define({ rate: "1/s", extensions: { location: "sam" } }).catch(() => {});
  expect(asked).toEqual({ made: "sam" });
});

it("other objects say where", () => {
  const { asked, TaskQueue } = watched();
  const stubs = new Stubs({ TaskQueue }, (name) => parseQueueYaml(YAML).queues.get(name));
  for (const name of ["near", "far"]) stubs.queue(name);
  for (const shard of [0, 1, 2]) stubs.shard("spread", shard);
  expect(asked).toEqual(WANTED);
});
