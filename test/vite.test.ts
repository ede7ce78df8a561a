// The plugin in Vite itself: what a Worker gets of queue.yaml, in development and in a build.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, createServer, type InlineConfig, type ViteDevServer } from "vite";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "../scripts/until.ts";
import { taskQueues } from "../src/vite.ts";

const SRC = join(import.meta.dirname, "../src");
const QUEUES = "queue:\n- {name: mail, rate: 5/s}\n";
const CRON = "cron:\n- {url: /daily, schedule: every 24 hours}\n";
const IMPORT = 'import config from "../queue.yaml";\nexport default config;\n';

/** A project of these files. */
function project(files: Readonly<Record<string, string>>): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "taskqueue-vite-")));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, "src"));
  for (const [name, text] of Object.entries({ "src/index.js": IMPORT, ...files })) {
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

function configOf(root: string): InlineConfig {
  return {
    ...{ root, configFile: false, envFile: false, logLevel: "silent", plugins: [taskQueues()] },
    // What a watcher would hear of is told by the tests.
    server: { middlewareMode: true, ws: false, watch: null },
  };
}

async function serverOf(root: string): Promise<ViteDevServer> {
  const server = await createServer(configOf(root));
  onTestFinished(() => server.close());
  return server;
}

/** What the Worker imports, or the message of the error. */
async function imported(server: ViteDevServer): Promise<unknown> {
  return server.ssrLoadModule("/src/index.js").then(
    (module) => module.default,
    (error) => error.message,
  );
}

const MAIL = { queue: [{ name: "mail", rate: "5/s" }] };
const DAILY = { cron: [{ url: "/daily", schedule: "every 24 hours" }] };

it.each([
  ["queue.yaml", { "queue.yaml": QUEUES }, { format: 1, queue: MAIL }],
  [
    "queue.yaml and the cron.yaml beside it",
    { "queue.yaml": QUEUES, "cron.yaml": CRON },
    { format: 1, queue: MAIL, cron: DAILY },
  ],
])("gives %s compiled", async (_, files, compiled) => {
  expect(await imported(await serverOf(project(files)))).toEqual(compiled);
});

const RATE = 'queue "mail": rate: found "5/w", expected a number per s, m, h or d';

it.each([
  [
    "a bad queue.yaml",
    { "queue.yaml": QUEUES.replace("5/s", "5/w") },
    `queue.yaml:2:22: ${RATE}`,
    ["queue.yaml", 2, 22],
  ],
  [
    "a bad cron.yaml",
    { "queue.yaml": QUEUES, "cron.yaml": CRON.replace("hours", "weeks") },
    'cron.yaml:2:27: cron "daily": schedule: found "every 24 weeks"',
    ["cron.yaml", 2, 27],
  ],
])("tells where the fault of %s is", async (_, files, message, [file, line, column]) => {
  const root = project(files);
  const server = await serverOf(root);
  const fault = await server.environments.ssr.transformRequest("/queue.yaml").catch((it) => it);
  expect(fault.message).toContain(message);
  expect(fault.loc).toMatchObject({ file: join(root, `${file}`), line, column });
  const ssr = { ssr: "src/index.js", write: false };
  await expect(build({ ...configOf(root), build: ssr })).rejects.toThrow(message);
});

it.each([
  ["../queue.yaml?raw", 'queue.yaml: found an import with ?raw, expected import config from "../'],
  ["../cron.yaml", "cron.yaml: found an import of it, expected none: that of queue.yaml has it"],
  ["../cron.yaml?raw", "cron.yaml: found an import of it, expected none: that of queue.yaml has"],
])("refuses an import of %s", async (source, message) => {
  const files = { "queue.yaml": QUEUES, "cron.yaml": CRON };
  const index = `import text from "${source}";\nexport default text;\n`;
  const server = await serverOf(project({ ...files, "src/index.js": index }));
  expect(await imported(server)).toContain(message);
});

describe("in development", () => {
  const holds = (server: ViteDevServer, text: string) =>
    until(text, 20, async () => JSON.stringify(await imported(server)).includes(text));

  it("takes up edits, and gets over a bad one", async () => {
    const root = project({ "queue.yaml": QUEUES });
    const server = await serverOf(root);
    const file = join(root, "queue.yaml");
    await holds(server, "5/s");
    for (const [rate, seen] of [
      ["7/s", '"rate":"7/s"'],
      ["7/weeks", 'found \\"7/weeks\\"'],
      ["9/s", '"rate":"9/s"'],
    ] as const) {
      writeFileSync(file, QUEUES.replace("5/s", rate));
      server.watcher.emit("change", file);
      await holds(server, seen);
    }
  });

  it("takes up a cron.yaml that is new, changed, bad, good again, and gone", async () => {
    const root = project({ "queue.yaml": QUEUES });
    const server = await serverOf(root);
    const file = join(root, "cron.yaml");
    expect(await imported(server)).toEqual({ format: 1, queue: MAIL });
    for (const [event, every, seen] of [
      ["add", "24 hours", '"every 24 hours"'],
      ["change", "3 minutes", '"every 3 minutes"'],
      ["change", "3 weeks", 'found \\"every 3 weeks\\"'],
      ["change", "4 minutes", '"every 4 minutes"'],
    ] as const) {
      writeFileSync(file, CRON.replace("24 hours", every));
      server.watcher.emit(event, file);
      await holds(server, seen);
    }
    rmSync(file);
    server.watcher.emit("unlink", file);
    await holds(server, '{"format":1,"queue":{"queue":[{"name":"mail","rate":"5/s"}]}}');
  });
});

it("leaves the reader of YAML out of what is built", async () => {
  const index = `import { createTaskQueues } from ${JSON.stringify(join(SRC, "index.ts"))};
import config from "../queue.yaml";
export const queues = createTaskQueues({ config });
`;
  const codeOf = async (plugins: ReturnType<typeof taskQueues>[], source: string) => {
    const root = project({ "queue.yaml": QUEUES, "src/index.js": source });
    const result = await build({
      ...configOf(root),
      plugins,
      build: {
        ...{ ssr: "src/index.js", write: false, minify: false },
        rolldownOptions: { external: [/^cloudflare:/] },
      },
      ssr: { noExternal: true },
    });
    const [{ output }] = [result].flat() as unknown as [{ output: { code?: string }[] }];
    return output.map(({ code = "" }) => code).join("");
  };
  const byText = await codeOf([], index.replace("../queue.yaml", "../queue.yaml?raw"));
  const compiled = await codeOf([taskQueues()], index);
  const readers = [byText, compiled].map((code) => /\bComposer\b/.test(code));
  expect(readers).toEqual([true, false]);
  expect(compiled).toContain('rate: "5/s"');
});
