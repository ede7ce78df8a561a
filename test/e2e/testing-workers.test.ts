// The test kit takes every Worker as it is, however its default export and its wrangler file are made.
import { describe, expect, it, vi } from "vitest";
import { addFiles, outsideProject, run } from "./outside-project.ts";

vi.setConfig({ testTimeout: 400_000 });

const CLASSES = '"TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"';
const RULES = 'rules = [{ type = "Text", globs = ["**/*.yaml"], fallthrough = true }]';
const TOML = `name = "outside"
main = "src/worker.ts"
compatibility_date = "2026-08-06"
${RULES}
[[migrations]]
tag = "v1"
new_sqlite_classes = [${CLASSES}]
`;

const HEAD = `import { createTaskQueues, readTask } from "durable-taskqueue";
import cronYaml from "./cron.yaml";
import queueYaml from "./queue.yaml";
const queues = createTaskQueues({ config: queueYaml, cron: cronYaml, targets: { far: "Far" } });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
async function handle(request, env) {
  if (!new URL(request.url).pathname.startsWith("/_ah/queue/")) {
    await queues.get(env, "mail").add({ payload: { at: Date.now() } });
    return new Response("queued");
  }
  const { payload, retryCount } = await readTask(request);
  return new Response(JSON.stringify(payload), { status: retryCount < 1 ? 500 : 200 });
}
`;

const SERVED = `${HEAD}export default queues.serve({ fetch: handle });\n`;

/** The kit sees what is added, a failure and its retry, and a recurring task of the next day. */
const TRY = `import assert from "node:assert/strict";
import { taskQueueTest } from "durable-taskqueue/testing/node";
const kit = await taskQueueTest({ now: "2026-03-27T12:00:00Z", ...JSON.parse(process.argv[2]) });
try {
  const answer = await kit.fetch("/");
  // An answer may be read later, whatever has been collected by then.
  gc();
  await kit.idle();
  assert.equal(await answer.text(), "queued");
  assert.deepEqual(kit.added("mail").map(({ payload }) => payload), [{ at: kit.now.getTime() }]);
  assert.deepEqual(kit.attempts(), []);
  await kit.drain("mail");
  const seconds = (at) => (Date.parse(at) - Date.parse("2026-03-27T12:00:00Z")) / 1000;
  const seen = kit.attempts("mail").map(({ at, status }) => [seconds(at), status]);
  assert.deepEqual(seen, [[0, 500], [10, 200]]);
  await kit.advance("1d");
  assert.equal(kit.attempts("default")[0].at, "2026-03-28T01:30:00.000Z");
  await kit.reset();
  assert.deepEqual(kit.added(), []);
  await assert.rejects(kit.queue("mail").add({ name: "?" }), { name: "InvalidTaskNameError" });
  const waiting = kit.queue("parcels").lease({ leaseSeconds: 5, maxTasks: 1, waitSeconds: 30 });
  await kit.advance("30s");
  assert.deepEqual(await waiting, []);
} finally {
  await kit.stop();
}
console.log("as it should be");
`;

const QUEUES = `queue:
  - name: mail
    rate: 5/s
    retry_parameters:
      min_backoff_seconds: 10
  - name: parcels
    mode: pull
`;
const CRON = `cron:
  - description: nightly
    url: /_ah/queue/default
    schedule: every day 02:30
    timezone: Europe/Berlin
`;

/** What is much like another one, and left out but with `TRY=all`. */
const SIMILAR = new Set([
  ...["an itty router", "in JavaScript", "wrangler.jsonc, with an environment"],
  ...["queues.fetch as middleware", "a target that is an entrypoint"],
  "a folder whose name has a blank and a quote",
]);

const WORKERS: [string, { files: Record<string, string>; options?: object }][] = [
  ["what serve gives", { files: { "src/worker.ts": SERVED } }],
  [
    "queues.fetch as middleware",
    {
      files: {
        "src/worker.ts": `${HEAD}export default {
  fetch: async (request, env, ctx) => (await queues.fetch(request, env, ctx)) ?? handle(request, env),
};\n`,
      },
    },
  ],
  [
    "a WorkerEntrypoint",
    {
      files: {
        "src/worker.ts": `import { WorkerEntrypoint } from "cloudflare:workers";
${HEAD}export default class extends WorkerEntrypoint {
  async fetch(request) {
    return (await queues.fetch(request, this.env, this.ctx)) ?? handle(request, this.env);
  }
}\n`,
      },
    },
  ],
  [
    "a Hono app",
    {
      files: {
        "src/worker.ts": `import { Hono } from "hono";
${HEAD}const app = new Hono();
app.all("*", (context) => handle(context.req.raw, context.env));
export default queues.serve(app);\n`,
      },
    },
  ],
  [
    "an itty router",
    {
      files: {
        "src/worker.ts": `import { AutoRouter } from "itty-router";
${HEAD}const router = AutoRouter();
router.all("*", (request, env) => handle(request, env));
export default queues.serve(router);\n`,
      },
    },
  ],
  [
    "in JavaScript",
    {
      files: { "src/worker.js": SERVED, "wrangler.toml": TOML.replace("worker.ts", "worker.js") },
    },
  ],
  [
    "wrangler.jsonc, with an environment",
    {
      files: {
        "src/worker.ts": SERVED,
        "wrangler.toml": "",
        "conf/wrangler.jsonc": `{
  // Comments are allowed.
  "name": "outside", "main": "../src/worker.ts", "compatibility_date": "2026-08-06",
  "rules": [{ "type": "Text", "globs": ["**/*.yaml"], "fallthrough": true }],
  "migrations": [{ "tag": "v1", "new_sqlite_classes": [${CLASSES}] }],
  "env": { "staging": { "vars": { "STAGE": "staging" } } }
}\n`,
      },
      options: { config: "conf/wrangler.jsonc", env: "staging" },
    },
  ],
  [
    "a target that is an entrypoint",
    {
      files: {
        "src/worker.ts": `import { WorkerEntrypoint } from "cloudflare:workers";
${SERVED}export class Far extends WorkerEntrypoint {
  fetch(request) {
    return handle(request, this.env);
  }
}\n`,
        "src/queue.yaml": QUEUES.replace("rate: 5/s", "rate: 5/s\n    target: far"),
      },
    },
  ],
  [
    "a Durable Object of its own, a scheduled handler and a secret",
    {
      files: {
        "src/worker.ts": `import { DurableObject } from "cloudflare:workers";
${HEAD}export class Own extends DurableObject {}
export default queues.serve({ fetch: handle, scheduled() {} });\n`,
        "wrangler.toml": `${TOML.replace('["TaskQueue"', '["Own", "TaskQueue"')}
[triggers]
crons = ["* * * * *"]
[[durable_objects.bindings]]
name = "OWN"
class_name = "Own"
`,
        ".dev.vars": "TASKQUEUE_TOKEN=a-long-secret\n",
      },
    },
  ],
  [
    "a folder whose name has a blank and a quote",
    {
      files: {
        "it's src/worker.ts": SERVED,
        "it's src/queue.yaml": QUEUES,
        "it's src/cron.yaml": CRON,
        "wrangler.toml": TOML.replace("src/worker.ts", "it's src/worker.ts"),
      },
    },
  ],
];

describe("the kit in Node takes", () => {
  it.each(WORKERS.filter(([what]) => process.env.TRY === "all" || !SIMILAR.has(what)))(
    "%s",
    (_, { files, options = {} }) => {
      const project = outsideProject({
        "package.json": '{ "name": "outside", "private": true, "type": "module" }\n',
        ...{ "wrangler.toml": TOML, "src/queue.yaml": QUEUES, "src/cron.yaml": CRON },
        ...{ "try.mjs": TRY, ...files },
      });
      const said = run(project, "node", "--expose-gc", "try.mjs", JSON.stringify(options));
      expect(said).toContain("as it should be");
    },
  );

  it("no Worker without a wrangler file or with a broken one, and says so", () => {
    const project = outsideProject({ "package.json": '{ "type": "module" }\n', "try.mjs": TRY });
    expect(() => run(project, "node", "try.mjs", "{}")).toThrow("wrangler file has no `main`");
    addFiles(project, { "wrangler.toml": 'name = "x"\n' });
    expect(() => run(project, "node", "try.mjs", "{}")).toThrow("wrangler file has no `main`");
    addFiles(project, { "wrangler.toml": TOML, "src/worker.ts": "syntax error" });
    const unbuilt = /the Worker does not start, .*src\/worker\.ts:1: /;
    expect(() => run(project, "node", "try.mjs", "{}")).toThrow(unbuilt);
    addFiles(project, {
      "src/worker.ts": SERVED,
      "src/queue.yaml": "queue: 1",
      "src/cron.yaml": "",
    });
    const thrown = /queue\.yaml:1:8: .*the Worker does not start/s;
    expect(() => run(project, "node", "try.mjs", "{}")).toThrow(thrown);
  });
});
