// What a Worker carries: of each door and part that it does not ask for, nothing.
import { build } from "esbuild";
import { expect, it } from "vitest";
import { ROOT } from "../scripts/server.ts";

/** Where the code of each lies; a bundle has it, or none of it. */
const PLACES = {
  api: "src/http/native/group-routes.ts",
  watching: "src/objects/directory/watchers.ts",
  definitions: "src/core/config/queue-entry.ts",
  cloudTasks: "src/http/cloud-tasks/router.ts",
  console: "src/http/console/assets.ts",
  cron: "src/core/schedule/expression.ts",
  deferred: "src/core/rich-json.ts",
  batches: "src/objects/queue/dispatch/batches.ts",
  keys: "src/objects/queue/dispatch/lines.ts",
  rules: "src/objects/queue/ruled-adds.ts",
  limits: "src/objects/queue/limits/keeper.ts",
  shards: "src/objects/queue/many-objects.ts",
  fromYaml: "src/core/config/yaml-document.ts",
} as const;

type Name = keyof typeof PLACES;
const NAMES = Object.keys(PLACES) as Name[];

async function carriedBy(names: readonly string[]): Promise<Name[]> {
  const imported = ["createTaskQueues", ...names].join(", ");
  const { metafile } = await build({
    stdin: {
      contents: `import { ${imported} } from "./src/slim.ts";\nexport default [${imported}];`,
      resolveDir: ROOT,
    },
    ...{ absWorkingDir: ROOT, bundle: true, write: false, metafile: true, format: "esm" },
    ...{ external: ["cloudflare:*"], logLevel: "silent" },
  });
  const [output] = Object.values(metafile.outputs);
  return NAMES.filter((name) => (output?.inputs[PLACES[name]]?.bytesInOutput ?? 0) > 0);
}

it.each([
  ["the queue alone", [], []],
  ["the JSON API, which shows changes", ["api"], ["api", "watching", "definitions"]],
  ["Cloud Tasks' API", ["cloudTasks"], ["cloudTasks", "definitions"]],
  ["the console", ["console"], ["console"]],
  ["queues made while it runs", ["definitions"], ["definitions"]],
  ["recurring tasks", ["cron"], ["cron"]],
  ["deferred calls", ["deferred"], ["deferred"]],
  ["calls that tasks share", ["batches"], ["batches"]],
  ["rules of adds", ["rules"], ["rules"]],
  ["keys and priorities of tasks", ["keys"], ["keys"]],
  ["limits that queues share", ["limits"], ["limits"]],
  ["queues of several shards", ["shards"], ["shards"]],
  ["YAML, whose check reads schedules", ["fromYaml"], ["cron", "fromYaml"]],
])("a Worker with %s has no other part", async (_, asked, carried) => {
  expect((await carriedBy(asked)).sort()).toEqual([...carried].sort());
});

it("none of them has a package inside that the Worker's start would pay for", async () => {
  const { metafile } = await build({
    ...{ entryPoints: ["src/slim.ts"], absWorkingDir: ROOT, bundle: true, write: false },
    ...{ metafile: true, format: "esm", external: ["cloudflare:*"] },
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => /node_modules\/([^/]+)/.exec(path)?.[1] ?? [],
  );
  expect([...new Set(packages)].sort()).toEqual(["croner", "itty-router", "yaml"]);
});
