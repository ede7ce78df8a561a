// The audit: every act of an operator by every door, with who did it, to how many, and how it ended; and its line.
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuditEntry } from "../../src/core/audit.ts";
import { NO_PROGRESS } from "../../src/core/task/task.ts";
import type { TaskQueuesBinding } from "../../src/index.ts";
import { TaskQueueObject } from "../../src/objects/queue/task-queue.ts";
import { clock } from "../support/clock.ts";
import { deploy } from "../support/cron.ts";
import { logged } from "../support/log.ts";
import { copyOf } from "../support/saved.ts";
import { crash, DIRECTORY, freshStart, objectOf, pass, queue, until } from "../support/time.ts";
import { cron, handlers } from "../support/worker.ts";

const settings = env as { TASKQUEUE_TOKENS?: unknown };
const own = (exports as unknown as { default: Fetcher }).default;
const HOST = "https://q.example.com";
const CLOUD = "/v2/projects/p/locations/l/queues";

beforeEach(async () => {
  await freshStart();
  settings.TASKQUEUE_TOKENS = [
    { name: "anna", secret: "anna", role: "admin" },
    { name: "ben", secret: "ben", role: "operate" },
    { name: "shop", secret: "shop", role: "admin", queues: ["brief"] },
  ];
});
afterEach(() => {
  delete settings.TASKQUEUE_TOKENS;
  vi.restoreAllMocks();
});

async function ask(who: string, method: string, path: string, body?: object) {
  const init: RequestInit = { method, headers: { Authorization: `Bearer ${who}` } };
  if (body) init.body = JSON.stringify(body);
  const response = await own.fetch(
    HOST + (path.startsWith("/v2") ? path : `/_ah/api${path}`),
    init,
  );
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** The audit, the oldest first, without times. */
async function audit(query = "", who = "anna"): Promise<Omit<AuditEntry, "at">[]> {
  const { body } = await ask(who, "GET", `/audit${query}`);
  return body.entries.map(({ at, ...rest }: AuditEntry) => rest).reverse();
}

/** Two failed tasks and two that wait. */
async function some(): Promise<void> {
  handlers.set("/_ah/queue/brief", () => new Response(null, { status: 500 }));
  await queue("brief").add([{ name: "f1" }, { name: "f2" }]);
  await pass("brief", 1);
  await queue("brief").add([
    { name: "w1", countdown: 600 },
    { name: "w2", countdown: 600 },
  ]);
}

type Case = [
  what: string,
  expected: object,
  byTypeScript: () => Promise<unknown>,
  ...requests: [string, string, object?][],
];

const Q = "/queues/brief";
/** What a name of a task that is done is saved as. */
const SAVED = {
  ...({ kind: "name", name: "gone", state: "done", createdAt: 1, endedAt: 2 } as const),
  ...{ nameUntil: 3_524_608_000_000, progress: NO_PROGRESS },
};
const CASES: Case[] = [
  [
    "pause",
    { count: 0 },
    () => queue("brief").pause(),
    ["POST", `${Q}:pause`],
    ["POST", `${CLOUD}/brief:pause`],
  ],
  [
    "resume",
    { count: 0 },
    () => queue("brief").resume(),
    ["POST", `${Q}:resume`],
    ["POST", `${CLOUD}/brief:resume`],
  ],
  [
    "purge",
    { count: 2 },
    () => queue("brief").purge(),
    ["POST", `${Q}:purge`],
    ["POST", `${CLOUD}/brief:purge`],
  ],
  [
    "run",
    { name: "w1", count: 1 },
    () => queue("brief").run("w1"),
    ["POST", `${Q}/tasks/w1:run`],
    ["POST", `${CLOUD}/brief/tasks/w1:run`],
  ],
  [
    ...(["reschedule", { name: "w1", count: 1 }] as const),
    () => queue("brief").reschedule("w1", { countdown: 5 }),
    ["POST", `${Q}/tasks/w1:reschedule`, { countdown: 5 }],
  ],
  [
    "redrive",
    { count: 2 },
    () => queue("brief").redrive("all"),
    ["POST", `${Q}/tasks:redrive`, { all: true }],
  ],
  [
    "redrive",
    { name: "f1", count: 1 },
    () => queue("brief").redrive(["f1"]),
    ["POST", `${Q}/tasks:redrive`, { names: ["f1"] }],
  ],
  [
    "delete",
    { name: "w1", count: 1 },
    () => queue("brief").delete(["w1"]),
    ["DELETE", `${Q}/tasks/w1`],
    ["DELETE", `${CLOUD}/brief/tasks/w1`],
  ],
  [
    ...(["delete", { count: 2 }] as const),
    () => queue("brief").delete(["w1", "f1", "none"]),
    ["POST", `${Q}/tasks:delete`, { names: ["w1", "f1", "none"] }],
  ],
  [
    "release",
    { name: "none", count: 0 },
    () => queue("brief").release("none"),
    ["DELETE", `${Q}/tombstones/none`],
  ],
  [
    "limit_key",
    { name: "acme", count: 0 },
    () => queue("brief").limitKey("acme", { rate: "1/s" }),
    ["PUT", `${Q}/keys/acme`, { rate: "1/s" }],
  ],
  [
    "reset_key",
    { name: "acme", count: 0 },
    () => queue("brief").resetKey("acme"),
    ["DELETE", `${Q}/keys/acme`],
  ],
  [
    "import",
    { count: 1 },
    () => copyOf("brief").importRecords([SAVED]),
    ["POST", `${Q}:import`, SAVED],
  ],
];

describe("every act", () => {
  it.each(CASES)("%s has its entry by each door: %j", async (what, expected, act, ...requests) => {
    const lines = await logged("info");
    const entry = { what, queue: "brief", acts: 1, outcome: "done", ...expected };
    await some();
    await act();
    // What a Worker's own code does to tasks is its work.
    const isWork = ["run", "reschedule", "redrive", "delete"].includes(what);
    expect(await audit()).toEqual(isWork ? [] : [{ ...entry, who: "worker" }]);
    for (const [method, path, body] of requests) {
      await freshStart();
      await some();
      expect((await ask("anna", method, path, body)).status).toBe(200);
      expect(await audit()).toEqual([{ ...entry, who: "anna" }]);
    }
    const acts = lines.filter(({ event }) => event === "act");
    expect(acts.map(({ by }) => by)).toEqual([
      ...(isWork ? [] : ["worker"]),
      ...requests.map(() => "anna"),
    ]);
    expect(acts[0]).toMatchObject({ level: "info", what, queue: "brief", ...expected });
  });

  it("of the queue itself: made, changed, removed, by both APIs", async () => {
    await ask("anna", "PUT", "/queues/own", { rate: "5/s" });
    await queue("own").add({ name: "t", countdown: 60 });
    await ask("anna", "DELETE", "/queues/own");
    await ask("anna", "POST", CLOUD, { name: `${CLOUD.slice(4)}/other` });
    await ask("anna", "PATCH", `${CLOUD}/other`, { rateLimits: { maxDispatchesPerSecond: 3 } });
    await ask("anna", "DELETE", `${CLOUD}/other`);
    expect(
      (await audit()).map(({ what, queue: of, count, acts }) => [what, of, count, acts]),
    ).toEqual([
      ["define", "own", 0, 1],
      ["remove", "own", 1, 1],
      ["define", "other", 0, 2],
      ["remove", "other", 0, 1],
    ]);
  });

  it("of groups and recurring tasks", async () => {
    const tasks = [{ queue: "brief", countdown: 60 }];
    await ask("ben", "POST", "/groups", { name: "g", tasks });
    await ask("ben", "POST", "/groups/g:cancel");
    await deploy(
      "cron:\n- { description: x, url: /x, schedule: every 1 hours, extensions: { name: tally } }",
    );
    for (const verb of ["run", "pause", "resume"]) await ask("ben", "POST", `/cron/tally:${verb}`);
    await cron(env).pause("tally");
    expect((await audit()).map(({ who, what, name }) => [who, what, name])).toEqual([
      ["ben", "cancel", "g"],
      ["ben", "cron_run", "tally"],
      ["ben", "cron_pause", "tally"],
      ["ben", "cron_resume", "tally"],
      ["worker", "cron_pause", "tally"],
    ]);
  });

  it("over a binding has its name; on loopback it is loopback", async () => {
    const { TaskQueuesEntrypoint: entrypoint } = exports as unknown as {
      TaskQueuesEntrypoint: (options: { props: object }) => TaskQueuesBinding;
    };
    await entrypoint({ props: { name: "shop" } }).fetch(`https://q/_ah/api${Q}:pause`, {
      method: "POST",
    });
    await entrypoint({ props: { queues: ["brief"] } }).fetch(`https://q/_ah/api${Q}:pause`, {
      method: "POST",
    });
    delete settings.TASKQUEUE_TOKENS;
    await own.fetch("http://127.0.0.1:8787/_ah/api/queues/brief:pause", { method: "POST" });
    const response = await own.fetch("http://127.0.0.1:8787/_ah/api/audit");
    const { entries } = (await response.json()) as { entries: AuditEntry[] };
    expect(entries.map(({ who }) => who)).toEqual(["loopback", "binding", "binding shop"]);
  });
});

describe("what is no act", () => {
  it("adds, leases, acknowledgements and looks leave nothing", async () => {
    await queue("pull").add([
      { name: "a", payload: "x" },
      { name: "b", payload: "x" },
    ]);
    await queue("pull").acknowledge(await queue("pull").lease({ leaseSeconds: 60, maxTasks: 1 }));
    await ask("anna", "GET", "/queues");
    await ask("anna", "GET", "/queues/pull/tasks");
    await expect(queue("none").pause()).rejects.toThrow();
    expect(await audit()).toEqual([]);
  });
});

describe("an entry", () => {
  it("is shared by the same acts of the same person on the same queue within a minute", async () => {
    await some();
    await ask("ben", "DELETE", `${Q}/tasks/w1`);
    await ask("ben", "DELETE", `${Q}/tasks/w2`);
    await ask("anna", "DELETE", `${Q}/tasks/f1`);
    clock.now += 61_000;
    await ask("ben", "DELETE", `${Q}/tasks/f2`);
    expect(await audit()).toMatchObject([
      { who: "ben", acts: 2, count: 2 },
      { who: "anna", acts: 1, count: 1, name: "f1" },
      { who: "ben", acts: 1, name: "f2" },
    ]);
    expect((await audit())[0]).not.toHaveProperty("name");
  });

  it("says what was refused, and why", async () => {
    await ask("ben", "POST", `${Q}/tasks/none:run`);
    expect(await audit()).toMatchObject([
      {
        who: "ben",
        what: "run",
        name: "none",
        count: 0,
        outcome: "refused",
        error: "UNKNOWN_TASK",
      },
    ]);
  });

  it("of an act whose process ended in the middle is there, and says that it is not known how it ended", async () => {
    vi.spyOn(TaskQueueObject.prototype, "purge").mockImplementation(() => new Promise(() => {}));
    void ask("anna", "POST", `${Q}:purge`).catch(() => {});
    await until(async () => (await audit()).length === 1);
    await crash();
    expect(await audit()).toMatchObject([{ who: "anna", what: "purge", outcome: "unknown" }]);
  });

  it("is kept ninety days, and 10,000 of them are", async () => {
    await ask("anna", "POST", `${Q}:pause`);
    const id = await runInDurableObject(objectOf(DIRECTORY), (_, { storage }) => {
      const [row] = storage.sql.exec("SELECT max(id) AS id FROM audit").toArray();
      storage.sql.exec("UPDATE audit SET id = ?", 1);
      for (let i = 2; i <= 10_000; i++)
        storage.sql.exec(
          "INSERT INTO audit SELECT ?, at, who, what, queue, name, begun, done, refused, count, error FROM audit WHERE id = 1",
          i,
        );
      return row?.id;
    });
    expect(id).toBe(1);
    clock.now += 61_000;
    await ask("anna", "POST", `${Q}:resume`);
    const rows = () =>
      runInDurableObject(objectOf(DIRECTORY), (_, { storage }) =>
        storage.sql.exec("SELECT count(*) AS n, min(id) AS first FROM audit").one(),
      );
    expect(await rows()).toEqual({ n: 10_000, first: 2 });
    clock.now += 90 * 86_400_000;
    expect(await audit()).toEqual([]);
    await ask("anna", "POST", `${Q}:pause`);
    expect((await rows()).n).toBeLessThan(10_000);
    expect(await audit()).toHaveLength(1);
  });
});

describe("the list", () => {
  it("has the newest first, page by page, and those of a queue or a person", async () => {
    for (const of of ["push", "brief", "pull"]) await ask("ben", "POST", `/queues/${of}:pause`);
    await ask("anna", "POST", "/queues/push:resume");
    const seen: string[] = [];
    let query = "?limit=3";
    for (let pages = 0; query !== "" && pages < 5; pages++) {
      const { body } = await ask("anna", "GET", `/audit${query}`);
      seen.push(...body.entries.map((entry: AuditEntry) => `${entry.what} ${entry.queue}`));
      query = body.cursor ? `?limit=3&cursor=${body.cursor}` : "";
    }
    expect(seen).toEqual(["resume push", "pause pull", "pause brief", "pause push"]);
    expect(await audit("?queue=push")).toHaveLength(2);
    expect(await audit("?queue=push&who=anna")).toHaveLength(1);
    expect(await audit("", "shop")).toMatchObject([{ queue: "brief" }]);
    expect((await ask("shop", "GET", "/audit?queue=push")).status).toBe(403);
    expect((await ask("ben", "GET", "/audit")).status).toBe(403);
    for (const wrong of ["?limit=0", "?cursor=x", "?other=1"]) {
      expect((await ask("anna", "GET", `/audit${wrong}`)).status).toBe(400);
    }
  });
});
