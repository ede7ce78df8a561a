import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cronFile } from "../../src/core/config/cron-config.ts";
import { type CompiledFiles, filesOf } from "../../src/core/config/files.ts";
import { fromYaml } from "../../src/core/config/yaml-files.ts";
import { bundledCommand } from "./command.ts";

const ROOT = join(import.meta.dirname, "../..");
const CLI = bundledCommand();
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** Files of which what was built says the same as their texts. */
const FILES: [name: string, queueYaml: string, cronYaml?: string][] = [
  ["the demo's", read("queue.yaml"), read("cron.yaml")],
  ["the tests'", read("test/support/queue.yaml")],
  ["one without queues", "queue:\n"],
  ["one of a pull queue", "queue: [{name: a, mode: pull, acl: [{user_email: a@b.c}]}]"],
  ["one without a limit", "queue: [{name: a, rate: 1/s, extensions: {rate: none}}]"],
  ["one that is paused", "queue: [{name: a, rate: 0}]\nresume_paused_queues: false"],
  ["one with a limit for all", "application: a\ntotal_storage_limit: 1.5G\nqueue:"],
  [
    "one with every option",
    `queue:
- {name: b, rate: 1/s}
- name: a
  rate: 5/m
  bucket_size: 0
  max_concurrent_requests: 9999
  target: v1.back
  retry_parameters: {task_retry_limit: 0, task_age_limit: 2.5h, min_backoff_seconds: 0.5, max_doublings: 0}
  extensions: {keep_results: true, failed_queue: b, tombstone_ttl: 1h, keep_failed: 1d, task_age_limit: 0.5}
`,
  ],
  [
    "ones with annotations and cron",
    "queue: [{name: a, rate: 1/s, extensions: {annotations: {team: x, on: [1, {a: true}]}}}]",
    `cron:
- {url: /a, schedule: every 5 mins, timezone: Europe/Berlin, target: "s:v"}
- {url: /b, schedule: "0 9 * * 1-5", retry_parameters: {job_retry_limit: 2}, extensions: {queue: a, name: x}}
`,
  ],
];

describe("durable-taskqueue build", () => {
  let dir = "";
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "taskqueue-build-"));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  function build(cwd: string, ...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "build", ...args], {
      cwd,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  }

  function folder(queueYaml: string, cronYaml?: string): string {
    const made = mkdtempSync(join(dir, "app-"));
    writeFileSync(join(made, "queue.yaml"), queueYaml);
    if (cronYaml !== undefined) writeFileSync(join(made, "cron.yaml"), cronYaml);
    return made;
  }

  it.each(FILES)("of %s files says what the files say", (_, queueYaml, cronYaml) => {
    const app = folder(queueYaml, cronYaml);
    expect(build(app)).toEqual({ status: 0, stdout: "taskqueue.json: written\n", stderr: "" });
    const compiled = JSON.parse(readFileSync(join(app, "taskqueue.json"), "utf8"));
    const [built, text] = [filesOf(compiled, cronFile), fromYaml(queueYaml, cronYaml)];
    expect(built.queues).toEqual(text.queues);
    const plain = (files: typeof built) =>
      [...files.cron.values()].map(({ next, ...rest }) => rest);
    expect(plain(built)).toEqual(plain(text));
    const at = Date.UTC(2050, 0, 1);
    for (const [name, { next }] of text.cron) expect(built.cron.get(name)?.next(at)).toBe(next(at));
  });

  it("leaves a file alone that says the same already", () => {
    const app = folder("queue: [{name: a, rate: 5/s}]");
    build(app);
    const before = statSync(join(app, "taskqueue.json")).mtimeMs;
    expect(build(app).stdout).toBe("taskqueue.json: as it was\n");
    expect(statSync(join(app, "taskqueue.json")).mtimeMs).toBe(before);
  });

  it("writes where --out says", () => {
    const app = folder("queue: [{name: a, rate: 5/s}]");
    mkdirSync(join(app, "src"));
    expect(build(app, "queue.yaml", "--out", "src/q.json").stdout).toBe("src/q.json: written\n");
    expect(build(app, "--out", "none/q.json")).toMatchObject({ status: 1, stdout: "" });
  });

  it.each([
    ["queue.yaml", "queue: [{name: a}]", undefined, /^queue\.yaml:1:\d+: queue "a": rate: missing/],
    ["cron.yaml", "queue:", "cron: [{url: /a}]", /^cron\.yaml:1:\d+: cron "a": schedule: missing/],
  ])("of a bad %s writes nothing and says where", (_, queueYaml, cronYaml, message) => {
    const app = folder(queueYaml, cronYaml);
    const { status, stderr } = build(app);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(() => statSync(join(app, "taskqueue.json"))).toThrow("ENOENT");
  });

  it.each([[["a", "b", "c"]], [["--outt", "x"]], [["--out"]]])(
    "with %j tells how it is used",
    (args) => {
      const { status, stderr } = build(folder("queue:"), ...args);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^error: [\s\S]*--help after a command/);
    },
  );
});

it.each([
  ["a text", "queue: []", "found string"],
  ["nothing", undefined, "found undefined"],
  ["a later format", { format: 2, queue: {} }, "found format 2"],
  ["a format without queues", { format: 1 }, "found format 1"],
])("%s in place of what was built is refused with a sentence", (_, config, found) => {
  expect(() => filesOf(config as CompiledFiles, cronFile)).toThrow(
    `config: ${found}, expected what this version's \`npx durable-taskqueue build\` writes`,
  );
});

const CRON_YAML = "cron: [{url: /a, schedule: every 5 mins}]";

it.each([
  ["compiled", { format: 1, queue: {}, cron: { cron: [{ url: "/a", schedule: "every 5 mins" }] } }],
  ["read from text", fromYaml("queue:", CRON_YAML)],
])("recurring tasks that are %s are refused where nothing would run them", (_, config) => {
  expect(() => filesOf(config, undefined)).toThrow(
    "config: found recurring tasks, expected parts: [cron] beside it, which runs them",
  );
});

it.each([
  ["compiled without any", { format: 1, queue: {} }],
  ["compiled with an empty list", { format: 1, queue: {}, cron: { cron: [] } }],
  ["read from text", fromYaml("queue:")],
])("files that are %s need nothing that runs recurring tasks", (_, config) => {
  expect(filesOf(config, undefined).cron.size).toBe(0);
});
