// Two doors to one room: what comes by Google's API and what comes by the native one lies on queues as equals.
import { beforeEach, expect, it } from "vitest";
import type { Task } from "../../../src/index.ts";
import { cloud, createQueue, queueName } from "../../support/cloud-tasks.ts";
import { call } from "../../support/http.ts";
import { freshStart, pass, queue } from "../../support/time.ts";
import { handlers } from "../../support/worker.ts";

beforeEach(freshStart);

const CALLS = 200;
const METHODS = ["POST", "PUT", "PATCH", "GET"];

/** The same wish by either door; each answers whether it was granted. */
interface Wish {
  google(id: string): Promise<boolean>;
  native(id: string): Promise<boolean>;
}

/** A sequence of numbers that looks like random and is the same each time. */
function* numbers(): Generator<number> {
  for (let seed = 1; ; ) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    yield seed >>> 8;
  }
}

const granted = ([status]: [number, ...unknown[]]) => status < 300;

function addTask(next: () => number): Wish {
  const name = `t${next() % 60}`;
  const seconds = next() % 3 === 0 ? 0 : next() % 5000;
  const method = METHODS[next() % METHODS.length] as string;
  const isHttp = next() % 2 === 0;
  const payload = method === "GET" || next() % 3 === 0 ? undefined : btoa(`body ${name}`);
  const headers = next() % 2 ? { "X-Own": `${next() % 9}` } : undefined;
  const deadline = next() % 4 ? undefined : 15 + (next() % 600);
  const url = isHttp ? "https://example.com/x" : "/work";
  const appEngineMethod = method === "PATCH" ? "PUT" : method;
  const verb = isHttp ? method : appEngineMethod;
  const eta = new Date(Date.UTC(2050, 0, 1) + seconds * 1000 + 1).toISOString();
  const request = {
    httpMethod: verb,
    ...(payload && { body: payload }),
    ...(headers && { headers }),
  };
  return {
    google: async (id) => {
      const task = {
        name: `${queueName(id)}/tasks/${name}`,
        ...(isHttp
          ? { httpRequest: { url, ...request } }
          : { appEngineHttpRequest: { relativeUri: url, ...request } }),
        scheduleTime: eta,
        ...(deadline && { dispatchDeadline: `${deadline}s` }),
      };
      return granted(await cloud("POST", `/v2/${queueName(id)}/tasks`, { task }));
    },
    native: async (id) => {
      const task = {
        ...{ name, url, method: verb, eta },
        dialect: isHttp ? "cloudtasks" : "cloudtasks-appengine",
        ...(payload && { payloadBase64: payload }),
        ...(headers && { headers }),
        ...(deadline && { dispatchDeadline: deadline }),
      };
      return granted(await call("POST", `/queues/${id}/tasks`, task));
    },
  };
}

function deleteTask(next: () => number): Wish {
  const name = `t${next() % 60}`;
  return {
    google: async (id) => granted(await cloud("DELETE", `/v2/${queueName(id)}/tasks/${name}`)),
    native: async (id) => {
      const [, { deleted }] = await call("DELETE", `/queues/${id}/tasks/${name}`);
      return deleted as boolean;
    },
  };
}

function verb(name: "pause" | "resume" | "purge"): Wish {
  return {
    google: async (id) => granted(await cloud("POST", `/v2/${queueName(id)}:${name}`)),
    native: async (id) => granted(await call("POST", `/queues/${id}:${name}`)),
  };
}

function runTask(next: () => number): Wish {
  const name = `t${next() % 60}`;
  return {
    google: async (id) => granted(await cloud("POST", `/v2/${queueName(id)}/tasks/${name}:run`)),
    native: async (id) => granted(await call("POST", `/queues/${id}/tasks/${name}:run`)),
  };
}

function wishOf(index: number, next: () => number): Wish {
  if (index === 120) return verb("purge");
  if (index % 50 === 20) return verb("pause");
  if (index % 50 === 40) return verb("resume");
  const kind = next() % 10;
  if (kind < 7) return addTask(next);
  return kind < 9 ? deleteTask(next) : runTask(next);
}

async function contents(id: string): Promise<unknown[]> {
  const tasks: Task[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const page = await queue(id).list(cursor ? { cursor } : {});
    tasks.push(...page.tasks);
    cursor = page.cursor;
  }
  const { tombstones } = await queue(id).tombstones({ limit: 1000 });
  const { statistics: _, ...view } = await queue(id).describe();
  const { extensions, name: __, ...rest } = view;
  const { annotations: ___, ...kept } = extensions;
  const shown = [...tasks, ...tombstones].map(({ queue: ____, ...task }) => task);
  return [...shown, { ...rest, kept }];
}

it(`the same ${CALLS} calls leave equal queues`, async () => {
  handlers.set("/work", ({ headers }) => {
    const isEven = Number(headers.get("X-AppEngine-TaskName")?.slice(1)) % 2 === 0;
    return new Response(null, { status: isEven ? 200 : 500 });
  });
  await createQueue("by-google", { rateLimits: { maxDispatchesPerSecond: 50 } });
  await call("PUT", "/queues/by-native", {
    ...{ rate: "50/s", bucket_size: 10, max_concurrent_requests: 1000 },
    retry_parameters: { task_retry_limit: 99 },
    extensions: { tombstone_ttl: "1h" },
  });
  const random = numbers();
  const next = () => random.next().value as number;
  for (let index = 0; index < CALLS; index++) {
    const wish = wishOf(index, next);
    expect([index, await wish.google("by-google")]).toEqual([
      index,
      await wish.native("by-native"),
    ]);
  }
  const before = await contents("by-google");
  expect(before.length).toBeGreaterThan(20);
  expect(before).toEqual(await contents("by-native"));
}, 120_000);

it("and what is on them then runs alike", async () => {
  const log: Record<string, string[]> = { "by-google": [], "by-native": [] };
  handlers.set("/work", ({ headers }) => {
    const of = (name: string) => headers.get(`X-AppEngine-${name}`);
    log[of("QueueName") as string]?.push(`${of("TaskName")} ${of("TaskRetryCount")}`);
    return new Response(null, { status: of("TaskRetryCount") === "0" ? 503 : 200 });
  });
  await createQueue("by-google", { retryConfig: { minBackoff: "5s" } });
  await call("PUT", "/queues/by-native", {
    ...{ rate: "500/s", bucket_size: 100, max_concurrent_requests: 1000 },
    retry_parameters: { task_retry_limit: 99, min_backoff_seconds: 5 },
    extensions: { tombstone_ttl: "1h" },
  });
  for (const name of ["a", "b", "c"]) {
    const appEngineHttpRequest = { relativeUri: "/work" };
    const task = { name: `${queueName("by-google")}/tasks/${name}`, appEngineHttpRequest };
    await cloud("POST", `/v2/${queueName("by-google")}/tasks`, { task });
    const native = { name, url: "/work", dialect: "cloudtasks-appengine" };
    await call("POST", "/queues/by-native/tasks", native);
  }
  await pass("by-google", 3);
  await pass("by-native", 0);
  await pass("by-google", 20);
  await pass("by-native", 20);
  expect(log["by-google"]).toHaveLength(6);
  expect(log["by-google"]?.sort()).toEqual(log["by-native"]?.sort());
});
