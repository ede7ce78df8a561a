// Objects that are only asked, or that refuse what they are asked, keep nothing: whoever may look can not fill
// a disk by looking.
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { call } from "../support/http.ts";
import { CRON, DIRECTORY, freshStart, groupObject, objectOf } from "../support/time.ts";

beforeEach(freshStart);

const LOOKS = [
  ["GET", "/groups/never", 404],
  ["GET", "/groups/never/results", 404],
  ["POST", "/groups/never:cancel", 404],
  ["POST", "/groups/never:close", 404],
  ["POST", "/groups/never/tasks", 404, { tasks: [{ queue: "default" }] }],
  ["POST", "/groups", 400, { name: "refused", tasks: [{ queue: "default", bad: 1 }] }],
  ["POST", "/groups", 404, { name: "refused", tasks: [{ queue: "nowhere" }] }],
  ["POST", "/groups", 400, { name: "refused", tasks: true }],
  ["GET", "/queues", 200],
  ["GET", "/queues/nowhere", 404],
  ["GET", "/queues/default", 200],
  ["GET", "/queues/default/tasks", 200],
  ["GET", "/queues/default/tasks?state=failed", 200],
  ["GET", "/queues/default/tasks/none", 404],
  ["GET", "/queues/default/tombstones", 200],
  ["GET", "/queues/default/history", 200],
  ["POST", "/queues/default/tasks", 400, { bad: 1 }],
  ["POST", "/queues/default/tasks", 400, { tasks: [{ name: "a" }, { bad: 1 }] }],
  ["POST", "/queues/nowhere/tasks", 404, {}],
  ["DELETE", "/queues/default/tasks/none", 200],
  ["POST", "/queues/default/tasks:delete", 200, { names: ["none"] }],
  ["POST", "/queues/default/tasks/none:run", 404],
  ["POST", "/queues/default/tasks/none:reschedule", 404, { countdown: 1 }],
  ["POST", "/queues/default/tasks:redrive", 200, { all: true }],
  ["POST", "/queues/default/tasks:redrive", 200, { names: ["none"] }],
  ["POST", "/queues/default/tasks:lease", 400, { leaseSeconds: 1, maxTasks: 1 }],
  ["DELETE", "/queues/default/tombstones/none", 200],
  ["POST", "/queues/pull/tasks:lease", 200, { leaseSeconds: 1, maxTasks: 1 }],
  ["POST", "/queues/pull/tasks:ack", 200, { leases: [{ name: "none", lease: "x" }] }],
  ["PUT", "/queues/default", 409, {}],
  ["PUT", "/queues/made", 400, { rate: "fast" }],
  ["DELETE", "/queues/nowhere", 404],
  ["GET", "/cron", 200],
  ["POST", "/cron/none:run", 404],
] as const;

it.each(LOOKS)(
  "%s %s, answered %i, leaves no table and no alarm: %j",
  async (method, path, status, body?: object) => {
    expect((await call(method, path, body))[0]).toBe(status);
    if (isAct(method, path))
      expect(await directoryHas()).toEqual({ queues: 0, acts: 1, alarm: null });
    else expect(await kept([objectOf(DIRECTORY)])).toEqual([]);
    expect(await kept(NAMES.map(objectOf))).toEqual([]);
  },
);

it("all of them together leave no object with a table or an alarm", async () => {
  for (const [method, path, , body] of LOOKS) await call(method, path, body);
  const { OBJECTS, GROUPS } = env as unknown as Record<string, DurableObjectNamespace>;
  const stubs = [objectOf(CRON)];
  for (const namespace of [OBJECTS, GROUPS] as DurableObjectNamespace[]) {
    const ids = await listDurableObjectIds(namespace);
    stubs.push(...ids.map((id) => namespace.get(id)));
  }
  expect(await kept(stubs)).toEqual([]);
  expect(await directoryHas()).toMatchObject({ queues: 0, alarm: null });
});

it("a first task does leave something, so this is seen", async () => {
  await call("POST", "/queues/default/tasks", {});
  expect((await kept([objectOf("default")])).length).toBeGreaterThan(5);
});

const NAMES = [
  CRON,
  groupObject("never"),
  groupObject("refused"),
  "default",
  "pull",
  "made",
  "nowhere",
];

/** What has an entry in the audit, whatever came of it; there are so many at most. */
function isAct(method: string, path: string): boolean {
  return method !== "GET" && /:(cancel|run|reschedule|redrive|delete)$|\/none$/.test(path);
}

async function directoryHas(): Promise<unknown> {
  return runInDurableObject(objectOf(DIRECTORY), async (_, { storage }) => ({
    ...storage.sql
      .exec(
        "SELECT (SELECT count(*) FROM known_queues) AS queues, (SELECT count(*) FROM audit) AS acts",
      )
      .one(),
    alarm: await storage.getAlarm(),
  }));
}

/** What these objects have on disk: their tables' names, and their alarms. */
async function kept(stubs: readonly DurableObjectStub[]): Promise<unknown[]> {
  const found = await Promise.all(stubs.map((stub) => runInDurableObject(stub, keptBy)));
  return found.flat();
}

async function keptBy(_: unknown, { storage }: DurableObjectState): Promise<unknown[]> {
  const query = "SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'";
  const tables = storage.sql.exec(query).toArray();
  const alarm = await storage.getAlarm();
  return alarm === null ? tables : [...tables, { alarm }];
}
