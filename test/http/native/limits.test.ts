// Every bound of docs/limits.md: what is just within is taken, and one more is refused as the page says.
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import page from "../../../docs/limits.md?raw";
import {
  DEADLINE_S,
  LEASE_S,
  MAX_CALL_BYTES,
  MAX_DELAY_S,
  MAX_DIALECT_BYTES,
  MAX_ENTRY_BYTES,
  MAX_GROUP_TASKS_PER_CALL,
  MAX_KEY_LENGTH,
  MAX_LEASES_PER_CALL,
  MAX_NAME_LENGTH,
  MAX_SEARCH_LENGTH,
  MAX_TAG_BYTES,
  MAX_TASK_BYTES,
  MAX_TASKS_PER_CALL,
  MAX_URL_LENGTH,
  MAX_WAIT_S,
  PAGE,
} from "../../../src/core/limits.ts";
import { clock } from "../../support/clock.ts";
import { freshStart } from "../../support/time.ts";
import worker from "../../support/worker.ts";

beforeEach(freshStart);

interface Bound {
  /** The first column of its row on the page. */
  what: string;
  /** What the row says is the most. */
  most: string;
  /** The request with so much of it. */
  request: (size: number) => [method: string, path: string, body?: unknown];
  within: number;
  past: number;
}

const ADD = "/queues/stopped/tasks";
const HOUR_AGO = -3600;

const times = <T>(count: number, of: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => of(i));
const eta = (seconds: number) => new Date(clock.now + seconds * 1000).toISOString();

function most(
  what: string,
  limit: number | string,
  unit: string,
  request: Bound["request"],
  within = Number(limit),
  past = within + 1,
): Bound {
  return { what, most: unit ? `${limit} ${unit}` : `${limit}`, request, within, past };
}

const BOUNDS: Bound[] = [
  most("a queue's name", 100, "characters", (n) => [
    "PUT",
    `/queues/${"q".repeat(n)}`,
    { rate: "1/s" },
  ]),
  most(
    "a task's name, or a group's",
    MAX_NAME_LENGTH,
    "characters",
    (n) =>
      [
        ...[
          "POST",
          "/groups",
          { name: "g".repeat(n), tasks: [{ queue: "stopped", name: "n".repeat(n) }] },
        ],
      ] as [string, string, object],
  ),
  most("`url`, a path, without its query", MAX_URL_LENGTH, "characters", (n) => [
    "POST",
    ADD,
    { method: "GET", url: `/${"p".repeat(n - 1)}?${"q".repeat(100)}` },
  ]),
  most("`url`, absolute, with its query", MAX_URL_LENGTH, "characters", (n) => [
    "POST",
    ADD,
    { url: "https://example.com/?".padEnd(n, "q") },
  ]),
  most("a push task: method, url, headers and body", MAX_TASK_BYTES.push, "bytes", (n) => [
    "POST",
    ADD,
    { url: "/u", headers: { "X-A": "12" }, payload: "x".repeat(n - "POST/uX-A12".length - 4) },
  ]),
  most("a pull task: `PULL` and its payload", MAX_TASK_BYTES.pull, "bytes", (n) => [
    "POST",
    "/queues/pull/tasks",
    { payload: "x".repeat(n - "PULL".length) },
  ]),
  most("a task with a `dialect`", MAX_DIALECT_BYTES, "bytes", (n) => [
    "POST",
    ADD,
    { dialect: "cloudtasks", payload: "x".repeat(n - "POST".length) },
  ]),
  most("`tag`", MAX_TAG_BYTES, "bytes", (n) => [
    "POST",
    "/queues/pull/tasks",
    { payload: "", tag: "ü".repeat(n / 2) + "x".repeat(n % 2) },
  ]),
  most("`key`", MAX_KEY_LENGTH, "characters", (n) => ["POST", ADD, { key: "ü".repeat(n) }]),
  most("`priority`", 9, "", (n) => ["POST", ADD, { priority: n }]),
  most("`countdown`, or `eta` from now", MAX_DELAY_S, "seconds", (n) => [
    "POST",
    ADD,
    { tasks: [{ countdown: n }, { eta: eta(n) }, { countdown: HOUR_AGO }, { eta: eta(HOUR_AGO) }] },
  ]),
  most(
    ...(["`eta`, and now plus `countdown`", `${MAX_DELAY_S} seconds from now`, ""] as const),
    (n) => [
      "POST",
      ADD,
      { tasks: [{ eta: new Date(n).toISOString() }, { countdown: (n - clock.now) / 1000 }] },
    ],
    ...([0, -1] as const),
  ),
  most(
    "`expires`, `throttle.seconds`, `debounce.seconds` and its `max`",
    MAX_DELAY_S,
    "seconds",
    (n) => [
      "POST",
      ADD,
      {
        tasks: [
          { expires: n },
          { name: "a", throttle: { seconds: n } },
          { name: "b", debounce: { seconds: n, max: n } },
        ],
      },
    ],
  ),
  most("`dispatchDeadline`", DEADLINE_S.max, "seconds", (n) => [
    "POST",
    ADD,
    { dispatchDeadline: n },
  ]),
  most(
    "`dispatchDeadline` with `cloudtasks-appengine`",
    DEADLINE_S.maxAppEngine,
    "seconds",
    (n) => ["POST", ADD, { dialect: "cloudtasks-appengine", dispatchDeadline: n }],
  ),
  most("tasks one call adds", MAX_TASKS_PER_CALL, "", (n) => [
    "POST",
    ADD,
    { tasks: times(n, () => ({})) },
  ]),
  most("names one call deletes or redrives", MAX_TASKS_PER_CALL, "", (n) => [
    "POST",
    "/queues/stopped/tasks:delete",
    { names: times(n, (i) => `n${i}`) },
  ]),
  most("leases one call acknowledges", MAX_LEASES_PER_CALL, "", (n) => [
    "POST",
    "/queues/pull/tasks:ack",
    { leases: times(n, (i) => ({ name: `n${i}`, lease: "x" })) },
  ]),
  most("subtasks one call adds to a group", MAX_GROUP_TASKS_PER_CALL, "", (n) => [
    "POST",
    "/groups",
    { tasks: times(n, () => ({ queue: "stopped" })) },
  ]),
  most(
    "bodies one call adds",
    MAX_CALL_BYTES,
    "bytes",
    (n) => {
      const bodies = [...times(30, () => 1_000_000), n - 30_800_000, 800_000];
      const tasks = bodies.map((size) => ({ payload: "x".repeat(size) }));
      return ["POST", "/queues/pull/tasks", { tasks }];
    },
    // With what JSON needs around them they are within a request's size, too.
    MAX_CALL_BYTES - 10_000,
    MAX_CALL_BYTES + 1,
  ),
  most("`leaseSeconds`", LEASE_S.max, "seconds", (n) => [
    "POST",
    "/queues/pull/tasks:lease",
    { leaseSeconds: n, maxTasks: 1 },
  ]),
  most("`maxTasks`", MAX_LEASES_PER_CALL, "", (n) => [
    "POST",
    "/queues/pull/tasks:lease",
    { leaseSeconds: 1, maxTasks: n },
  ]),
  most("`waitSeconds`", MAX_WAIT_S, "seconds", (n) => [
    "POST",
    "/queues/pull/tasks:lease",
    // What lies within would be waited for.
    { leaseSeconds: 1, maxTasks: 1, waitSeconds: n === MAX_WAIT_S ? 0 : n },
  ]),
  most("`text` of a search", MAX_SEARCH_LENGTH, "characters", (n) => [
    "GET",
    `${ADD}?text=${"x".repeat(n)}`,
  ]),
  most("`header` of a search", MAX_SEARCH_LENGTH, "characters", (n) => [
    "GET",
    `${ADD}?header=x:${"x".repeat(n - 2)}`,
  ]),
  most("`limit` of a list", PAGE.max, "", (n) => ["GET", `${ADD}?limit=${n}`]),
  most("a queue's `rate`", "500/s", "", (n) => ["PUT", "/queues/own", { rate: `${n}/s` }], 500),
  most("a queue's `bucket_size`", 500, "", (n) => [
    "PUT",
    "/queues/own",
    { rate: "1/s", bucket_size: n },
  ]),
  most(
    ...(["a queue's `tombstone_ttl` and `keep_failed`", "36500d", ""] as const),
    (n) => [
      "PUT",
      "/queues/own",
      { rate: "1/s", extensions: { tombstone_ttl: `${n}d`, keep_failed: `${n}d` } },
    ],
    36_500,
  ),
  most(
    "limits that a queue names (`extensions.limits`)",
    10,
    "",
    (n) => [
      "PUT",
      "/queues/own",
      { rate: "1/s", extensions: { limits: ["stripe", ...times(n - 1, (i) => `other-${i}`)] } },
    ],
    // The file has one.
    1,
    11,
  ),
  most("`weight` of `extensions.keys`", 100, "", (n) => [
    "PUT",
    "/queues/own",
    { rate: "1/s", extensions: { keys: { weight: n } } },
  ]),
  most("entries of `extensions.keys.per_key`", 1000, "", (n) => {
    const entries = times(n, (i) => [`k${i}`, { weight: 2 }]);
    const keys = { per_key: Object.fromEntries(entries) };
    return ["PUT", "/queues/own", { rate: "1/s", extensions: { keys } }];
  }),
  most("a queue's entry as JSON, `annotations` and all", MAX_ENTRY_BYTES, "bytes", (n) => {
    const entry = { name: "own", rate: "1/s", extensions: { annotations: { a: "" } } };
    entry.extensions.annotations.a = "x".repeat(n - JSON.stringify(entry).length);
    return ["PUT", "/queues/own", entry];
  }),
];

/** The least of what has one, and what is refused below it. */
const LEAST: [what: string, least: number, below: number, request: Bound["request"]][] = [
  ["`dispatchDeadline`", 15, 14, (n) => ["POST", ADD, { dispatchDeadline: n }]],
  [
    "`leaseSeconds`",
    0,
    -1,
    (n) => ["POST", "/queues/pull/tasks:lease", { leaseSeconds: n, maxTasks: 1 }],
  ],
  [
    "`maxTasks`",
    1,
    0,
    (n) => ["POST", "/queues/pull/tasks:lease", { leaseSeconds: 1, maxTasks: n }],
  ],
  [
    "`waitSeconds`",
    0,
    -1,
    (n) => ["POST", "/queues/pull/tasks:lease", { leaseSeconds: 1, maxTasks: 1, waitSeconds: n }],
  ],
  ["`text` of a search", 1, 0, (n) => ["GET", `${ADD}?text=${"x".repeat(n)}`]],
  ["`limit` of a list", 1, 0, (n) => ["GET", `${ADD}?limit=${n}`]],
];

interface Row {
  what: string;
  least: string;
  most: string;
  status: number;
  code: string;
}

/** The rows of the page's first table. */
const ROWS: Row[] = (page.split("\n\n").find((part) => part.startsWith("| what | least")) ?? "")
  .split("\n")
  .slice(2)
  .map((line) => {
    const [what = "", least = "", limit = "", past = ""] = line
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    const [status, code = ""] = past.split(" ");
    return { what, least, most: limit, status: Number(status), code };
  });

async function answerTo([method, path, body]: ReturnType<Bound["request"]>) {
  const headers = { "Content-Type": "application/json" };
  const init = { method, ...(body !== undefined && { body: JSON.stringify(body), headers }) };
  const request = new Request(`http://127.0.0.1:8787/_ah/api${path}`, init) as never;
  const response = await worker.fetch(request, env, createExecutionContext());
  const { error } = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: error?.code };
}

describe("docs/limits.md", () => {
  it("has these bounds and no other", () => {
    expect(ROWS.map((row) => [row.what, row.most])).toEqual(
      BOUNDS.map((bound) => [bound.what, bound.most]),
    );
  });

  it.each(BOUNDS)("$what: $most at most", async ({ what, request, within, past }) => {
    const row = ROWS.find((it) => it.what === what) as Row;
    // First what leaves nothing: the queues of the tests hold no more than a megabyte.
    expect(await answerTo(request(past))).toEqual({ status: row.status, code: row.code });
    const { status, code } = await answerTo(request(within));
    expect([status, code]).toEqual([status < 300 ? status : 200, undefined]);
  });

  it.each(LEAST)("%s: %d at least", async (what, least, below, request) => {
    const row = ROWS.find((it) => it.what === what) as Row;
    expect(row.least).toBe(`${least}`);
    expect((await answerTo(request(least))).status).toBeLessThan(300);
    expect(await answerTo(request(below))).toEqual({ status: row.status, code: row.code });
  });
});
