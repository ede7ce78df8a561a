// The package's declarations as a consumer compiles them: under the strictest settings, and with the declarations of
// libraries checked too.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../package.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "..");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

const STRICTEST = {
  ...{ target: "ES2022", module: "ESNext", moduleResolution: "Bundler", noEmit: true },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  ...{ noPropertyAccessFromIndexSignature: true, noImplicitOverride: true, isolatedModules: true },
  ...{ skipLibCheck: false, lib: ["ESNext"], types: ["@cloudflare/workers-types"] },
};

const WORKER = `import { createTaskQueues, PermanentTaskFailure, readTask, type Task } from "durable-taskqueue";
interface Env { TASKQUEUE_TOKEN?: string }
const queues = createTaskQueues<Env, { mail: { to: string }; sums: number }>({ config: "queue: []" });
export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
export default queues.serve({
  async fetch(request: Request, env: Env): Promise<Response> {
    const task = await readTask<typeof queues, "mail">(request);
    const sent: Task = await queues.get(env, "mail").add({ payload: { to: task.payload.to } });
    for (const { task, error } of await queues.get(env, "sums").add([{ payload: 1 }], { atomic: true })) {
      if (error) throw new PermanentTaskFailure(error.code);
      console.log(task.name);
    }
    const { name } = await queues.get(env, "sums").group({ tasks: [{ payload: 2 }], then: { queue: "mail", payload: { to: sent.name } } });
    for await (const { result } of queues.group(env, name).results()) console.log(result);
    return new Response();
  },
});
`;

const IN_NODE = `import { taskQueueTest, type NodeTestKit } from "durable-taskqueue/testing/node";
export async function start(): Promise<string | undefined> {
  const kit: NodeTestKit = await taskQueueTest({ config: "wrangler.toml", now: new Date() });
  await kit.queue<{ to: string }>("mail").add({ payload: { to: "a@b.c" } });
  // @ts-expect-error: a mail has a payload.
  await kit.queue<{ to: string }>("mail").add({});
  const group = await kit.queue("mail").group({ tasks: [] });
  await group.progress();
  return kit.attempts("mail")[0]?.error;
}
`;

const IN_POOL = `import { taskQueueTest } from "durable-taskqueue/testing";
import { expect } from "vitest";
const kit = taskQueueTest({ now: "2026-01-01T00:00:00Z" });
expect(kit.queue("mail")).toHaveAdded({ payload: expect.objectContaining({ to: "" }), name: "n" }, 2);
expect(kit.queue("mail")).not.toHaveRun({ retryCount: 1 });
expect(kit.queue("mail")).toHaveFailed();
// @ts-expect-error: a task has no such field.
expect(kit.queue("mail")).toHaveAdded({ payloat: 1 });
// @ts-expect-error: a number of tasks.
expect(kit.queue("mail")).toHaveRun({}, "2");
`;

describe("the package's declarations", () => {
  const project = mkdtempSync(join(tmpdir(), "taskqueue-types-"));

  beforeAll(() => {
    const own = join(project, "node_modules/durable-taskqueue");
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "package.json"), JSON.stringify(packageJson));
    for (const name of ["@cloudflare", "vitest", ...Object.keys(packageJson.dependencies)]) {
      symlinkSync(join(ROOT, "node_modules", name), join(project, "node_modules", name));
    }
    tsc("-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(own, "dist"));
  }, 60_000);

  afterAll(() => rmSync(project, { recursive: true, force: true }));

  it.each<[string, string, object]>([
    ["of a Worker, with nothing skipped", WORKER, {}],
    [
      "of a Worker, as Node resolves modules",
      WORKER,
      { module: "NodeNext", moduleResolution: "NodeNext" },
    ],
    ["of the test kit in Node", IN_NODE, {}],
    // vitest's own declarations do not go with those of Workers.
    ["of the test kit in the pool", IN_POOL, { skipLibCheck: true }],
  ])("hold under the strictest settings: %s", (_, text, options) => {
    writeFileSync(join(project, "package.json"), '{ "type": "module" }');
    writeFileSync(join(project, "file.ts"), text);
    const compilerOptions = { ...STRICTEST, ...options };
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["file.ts"] }),
    );
    expect(tsc("-p", project)).toBe("");
  });
});

/** What the compiler says. */
function tsc(...args: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [TSC, ...args], { encoding: "utf8" });
  return stdout + stderr;
}
