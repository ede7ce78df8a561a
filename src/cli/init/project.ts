// What `init` would do to a project in a folder: everything is read here, and nothing is written.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { exactText } from "../../core/bytes.ts";
import { editJsonc, readJsonc } from "./jsonc.ts";
import { type EditedMain, editMain, type Router } from "./main-module.ts";
import { type Config, mappingOf, needsOf } from "./needs.ts";
import { type Change, type Plan, Refusal } from "./plan.ts";
import { declarations, QUEUE_YAML } from "./starter.ts";
import { usesVite } from "./vite.ts";
import { editConfig, findWranglerFile, readConfig } from "./wrangler-file.ts";

export interface Project extends Plan {
  /** The main module, and the router in it, for what is said at the end. */
  main: string;
  router: Router | undefined;
}

const QUEUE_FILE = "queue.yaml";
const DECLARATIONS = "queue-yaml.d.ts";

export function planOf(dir: string): Project {
  const file = findWranglerFile(dir);
  if (file === undefined) throw new Refusal(withoutWranglerFile(dir));
  const before = textOf(dir, file);
  const config = configOf(file, before);
  const main = mainOf(dir, file, config);
  const isVite = usesVite(dir);
  const edited = isMadeElsewhere(dir, main) ? untouched(dir, main) : edit(dir, main, isVite);
  const { hasScheduled } = edited;
  const needs = needsOf(config, { file, isVite, hasScheduled });
  const [after, byHand] = editConfig(file, before, needs.edits);
  const changes = [
    { path: file, before, after },
    { path: main, before: textOf(dir, main), after: edited.text },
    ...newFiles(dir, main, isVite),
    ...(isVite ? checkBeforeBuild(dir) : []),
  ];
  return {
    changes: changes.filter((each) => each.before !== each.after),
    advice: [...edited.advice, ...byHand, ...needs.advice],
    main,
    router: edited.router,
  };
}

function withoutWranglerFile(dir: string): string {
  return `${dir}: found no wrangler.toml, wrangler.json or wrangler.jsonc, expected the folder of a Worker; a new one: npx durable-taskqueue init ${dir} --template`;
}

function textOf(dir: string, path: string): string {
  const text = exactText(readFileSync(join(dir, path)));
  if (text === undefined) throw new Refusal(`${path}: found bytes that are not UTF-8`);
  return text;
}

function configOf(file: string, text: string): Config {
  try {
    return readConfig(file, text);
  } catch (error) {
    throw new Refusal(`${file}: cannot be read: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** The path of the main module, from the project's folder. */
function mainOf(dir: string, file: string, { main, pages_build_output_dir }: Config): string {
  if (pages_build_output_dir !== undefined) {
    throw new Refusal(
      `${file}: found a Pages project, expected a Worker: Pages has no Durable Objects`,
    );
  }
  if (typeof main !== "string") {
    throw new Refusal(
      `${file}: main: missing, expected the main module, such as main = "src/index.ts"`,
    );
  }
  const path = posix.normalize(main);
  if (existsSync(join(dir, path))) return path;
  throw new Refusal(
    `${file}: main: found "${main}", which is no file here; where a framework makes it, make a module of your own that imports its handler and name it there`,
  );
}

/** Whether another module makes the queues, and this one only exports them. */
function isMadeElsewhere(dir: string, main: string): boolean {
  const text = textOf(dir, main);
  if (text.includes("createTaskQueues")) return false;
  const names = [...text.matchAll(/\bfrom\s*["'](\.[^"']+)["']/g)].map(
    ([, name]) => name as string,
  );
  return names.some((name) =>
    sourceOf(join(dir, dirname(main), name)).includes("createTaskQueues"),
  );
}

function sourceOf(path: string): string {
  const ends = ["", ".ts", ".tsx", ".js", ".mjs", "/index.ts", "/index.js"];
  const paths = [path.replace(/\.js$/, ".ts"), ...ends.map((end) => path + end)];
  const found = paths.find((each) => /\.[cm]?[jt]sx?$/.test(each) && existsSync(each));
  return found === undefined ? "" : readFileSync(found, "utf8");
}

function untouched(dir: string, main: string): EditedMain {
  return { text: textOf(dir, main), advice: [], hasScheduled: true, router: undefined };
}

function edit(dir: string, main: string, isVite: boolean): EditedMain {
  const path = relative(dirname(main), QUEUE_FILE).replaceAll("\\", "/");
  const yaml = `${path.startsWith(".") ? "" : "./"}${path}${isVite ? "?raw" : ""}`;
  return editMain({ path: main, text: textOf(dir, main), yaml });
}

function newFiles(dir: string, main: string, isVite: boolean): Change[] {
  const files: Change[] = [];
  if (!existsSync(join(dir, QUEUE_FILE))) {
    files.push({ path: QUEUE_FILE, before: undefined, after: QUEUE_YAML });
  }
  if (/\.[cm]?tsx?$/.test(main) && !isDeclared(dir, dirname(main))) {
    const path = posix.join(dirname(main), DECLARATIONS);
    files.push({ path, before: undefined, after: declarations(isVite, "\n") });
  }
  return files;
}

/** Whether some declaration file has the yaml files already, such as that of `wrangler types`. */
function isDeclared(dir: string, sources: string): boolean {
  const places = [...new Set([".", sources, "types"])].filter((it) => existsSync(join(dir, it)));
  const files = places.flatMap((place) =>
    readdirSync(join(dir, place)).map((name) => join(dir, place, name)),
  );
  return files
    .filter((path) => path.endsWith(".d.ts"))
    .some((path) => /declare module ["']\*[^"']*\.yaml/.test(readFileSync(path, "utf8")));
}

/** With Vite nothing calls wrangler's build command: npm does it, before its script `build`. */
function checkBeforeBuild(dir: string): Change[] {
  const path = "package.json";
  if (!existsSync(join(dir, path))) return [];
  const before = textOf(dir, path);
  const scripts = mappingOf(readJsonc(before).scripts);
  if (scripts.build === undefined || scripts.prebuild !== undefined) return [];
  const value = `durable-taskqueue check ${QUEUE_FILE}`;
  const after = editJsonc(before, [{ path: ["scripts", "prebuild"], kind: "set", value }]);
  return after === undefined ? [] : [{ path, before, after }];
}
