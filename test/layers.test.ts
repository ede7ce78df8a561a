// The source tree is layered, and imports go down only: between the floors of src, and between the parts of a
// floor that has an order below. This test reads the import lines and lists those that break a rule.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../src");

/** A source file by its path under src, and what it says. */
type Sources = ReadonlyMap<string, string>;

/** Made by a script: the console's bundle as text. */
const GENERATED = "http/console/assets.ts";

const FLOORS = [
  ...[
    "core",
    "store",
    "objects",
    "tracing.ts",
    "client",
    "http",
    "service",
    "slim.ts",
    "index.ts",
    "testing",
    "demo",
  ],
];

/** The command and the plugin for Vite run in Node, and have the core beside themselves. */
const COMMAND = ["cli.ts", "cli", "vite.ts"];

/** Floors whose folders still import each other in circles. Remove a name once its folders are in order. */
const CIRCLES_ALLOWED: readonly string[] = ["console"];

/**
 * The parts of a folder, lowest first: each may import itself and those before it. A part is a folder or a
 * file; "." stands for all files that are not listed. A folder that is missing here is a fault.
 * To order another folder (`objects`, `objects/queue`), add a line.
 */
const ORDER: Readonly<Record<string, readonly string[]>> = {
  core: [
    ".",
    "egress",
    "schedule",
    "dispatch",
    "sharding",
    "task",
    "alerts",
    "config",
    "failures",
    "backup",
    "metrics",
    "cloud-tasks",
  ],
  store: [".", "queue", "group", "cron", "directory"],
  objects: [
    ...[".", "delivery", "rpc.ts", "first-version.ts", "stubs.ts", "tracing", "egress", "runner"],
    ...["sharded", "queue", "group", "cron", "directory"],
  ],
  "objects/queue": [
    "context",
    "sharding",
    "limits",
    "dispatch",
    "leasing",
    "inspect",
    "alerts",
    ".",
  ],
  http: [".", "native", "cloud-tasks", "console", "metrics", "doors.ts"],
};

function readSources(): Sources {
  const paths = readdirSync(SRC, { recursive: true, encoding: "utf8" });
  const files = paths
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => /(?<!\.d)\.tsx?$/.test(path) && path !== GENERATED);
  return new Map(files.map((path) => [path, readFileSync(join(SRC, path), "utf8")]));
}

function floorOf(path: string): number {
  return FLOORS.indexOf(path.split("/")[0] as string);
}

function importsOf(path: string, text: string): string[] {
  const lines = text.matchAll(
    /^(?:import|export)\b[^;]*?\bfrom "([^"]+)";|^import "([^"]+)";|\bimport\("([^"]+)"\)/gm,
  );
  return [...lines].map(([, from, bare, lazy]) => {
    const name = (from ?? bare ?? lazy) as string;
    return name.startsWith(".") ? posix.join(posix.dirname(path), name) : name;
  });
}

/** The place of a file in the order of `folder`: the index of its part, -1 when the part is not listed. */
function rankOf(path: string, folder: string, parts: readonly string[]): number {
  const [part = "", ...rest] = path.slice(folder.length + 1).split("/");
  return parts.indexOf(parts.includes(part) || rest.length > 0 ? part : ".");
}

/** An import between two files of an ordered folder that goes up, or touches a part without a place. */
function orderFaults(path: string, name: string): string[] {
  return Object.entries(ORDER).flatMap(([folder, parts]) => {
    if (![path, name].every((file) => file.startsWith(`${folder}/`))) return [];
    const [from, to] = [rankOf(path, folder, parts), rankOf(name, folder, parts)];
    return to >= 0 && to <= from ? [] : [`${path} imports ${name}, against the order of ${folder}`];
  });
}

/** Every import and clock that breaks a rule. */
function faults(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => [
    ...importsOf(path, loadedOf(path, text)).flatMap((name) => importFault(path, name) ?? []),
    ...importsOf(path, text).flatMap((name) => orderFaults(path, name)),
    ...clockFaults(path, text),
    ...logFaults(path, text),
  ]);
}

// The console runs in a browser: of the floors above the core it may have the types, which are erased.
function loadedOf(path: string, text: string): string {
  return path.startsWith("console/") ? text.replace(/^import type [^;]*;$/gm, "") : text;
}

function importFault(path: string, name: string): string | undefined {
  const fault = `${path} imports ${name}`;
  const floor = path.split("/")[0] as string;
  if (name.startsWith("cloudflare:"))
    return ["objects", "service", "slim.ts", "testing", "demo"].includes(floor) ? undefined : fault;
  if (name.startsWith("node:"))
    return COMMAND.includes(floor) || path === "testing/node.ts" ? undefined : fault;
  // The command has texts of modules in it.
  if (name.endsWith(".yaml")) return ["demo", "cli"].includes(floor) ? undefined : fault;
  if (!/\.tsx?$/.test(name)) return undefined;
  // The command speaks with a Worker as any client does.
  const beside = floor === "vite.ts" ? /^(core|cli)\// : /^(core|cli|remote)\//;
  if (COMMAND.includes(floor)) return beside.test(name) ? undefined : fault;
  if (floor === "console") return /^(console|core)\//.test(name) ? undefined : fault;
  if (floor === "remote") return /^(remote|core)\//.test(name) ? undefined : fault;
  if (floor === "demo") return name.startsWith("demo/") || name === "index.ts" ? undefined : fault;
  return floorOf(name) >= 0 && floorOf(name) <= floorOf(path) ? undefined : fault;
}

/** One file writes to the log. The client for elsewhere, the page, the demo and what runs in Node are no part of that. */
function logFaults(path: string, text: string): string[] {
  const floor = path.split("/")[0] as string;
  const isApart = ["remote", "console", "demo", "testing", ...COMMAND].includes(floor);
  if (path === "objects/log.ts" || isApart) return [];
  return (text.match(/\bconsole(\.\w+|\[\w+\])\(/g) ?? []).map((call) => `${path} has ${call}`);
}

function clockFaults(path: string, text: string): string[] {
  if (
    ["objects/host.ts", "console/clock.ts", "remote/clock.ts", "testing/fake-date.ts"].includes(
      path,
    ) ||
    path.startsWith("demo/")
  )
    return [];
  const clocks =
    text.match(/\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)|\bperformance\.now\(/g) ?? [];
  return clocks.map((clock) => `${path} has ${clock}`);
}

/** Edges of an import graph. */
type Graph = ReadonlyMap<string, ReadonlySet<string>>;

function filesGraph(sources: Sources): Graph {
  return new Map(
    [...sources].map(([path, text]) => [
      path,
      new Set(importsOf(path, text).filter((name) => sources.has(name))),
    ]),
  );
}

/** Between folders, type imports included. A file that an order lists by name is a part of its own. */
function foldersGraph(sources: Sources): Graph {
  const graph = new Map<string, Set<string>>();
  for (const [path, names] of filesGraph(sources)) {
    const from = folderOf(path);
    const edges = graph.get(from) ?? new Set();
    graph.set(from, edges);
    for (const to of [...names].map(folderOf)) if (to !== from) edges.add(to);
  }
  return graph;
}

function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return ORDER[folder]?.includes(posix.basename(path)) ? path : folder;
}

/** Nodes that import each other in a circle, as the path round. */
function circles(graph: Graph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, trail: readonly string[]): void => {
    if (trail.includes(node)) found.push([...trail.slice(trail.indexOf(node)), node].join(" -> "));
    if (trail.includes(node) || done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
  return found;
}

function isPart(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}/`);
}

describe("the layers", () => {
  const sources = readSources();

  it("has imports that go down only, and clocks in one place", () => {
    expect(sources.size).toBeGreaterThan(40);
    expect(faults(sources)).toEqual([]);
  });

  it("has no circle of imports between files", () => {
    expect(circles(filesGraph(sources))).toEqual([]);
  });

  it("has no circle of imports between folders", () => {
    const ordered = [...sources].filter(
      ([path]) => !CIRCLES_ALLOWED.some((it) => isPart(path, it)),
    );
    expect(circles(foldersGraph(new Map(ordered)))).toEqual([]);
  });

  it.each(Object.entries(ORDER))("lists no part of %s that is not there", (folder, parts) => {
    const missing = parts.filter(
      (part) =>
        part !== "." && ![...sources.keys()].some((path) => isPart(path, `${folder}/${part}`)),
    );
    expect(missing).toEqual([]);
  });
});

describe("the check", () => {
  it.each([
    ["core/a.ts", 'import { b } from "../store/b.ts";'],
    ["core/a.ts", 'import type {\n  B,\n} from "../objects/b.ts";'],
    ["store/a.ts", 'import { DurableObject } from "cloudflare:workers";'],
    ["http/a.ts", 'import { exports } from "cloudflare:workers";'],
    ["core/a.ts", 'import { join } from "node:path";'],
    ["objects/a.ts", 'export * from "../index.ts";'],
    ["http/a.ts", 'import { b } from "../service/b.ts";'],
    ["core/a.ts", 'const b = await import("../store/b.ts");'],
    ["core/a.ts", 'import "../http/b.ts";'],
    ["core/a.ts", 'import { b } from "../attic/b.ts";'],
    ["demo/a.ts", 'import { Store } from "../store/store.ts";'],
    ["http/a.ts", 'console.error("x");'],
    ["objects/a.ts", "console[level](text);"],
    ["cli.ts", 'import { api } from "./http/api.ts";'],
    ["cli/a.ts", 'import { stubs } from "../objects/stubs.ts";'],
    ["core/a.ts", 'import { b } from "../cli/b.ts";'],
    ["console/a.tsx", 'import { api } from "../http/api.ts";'],
    ["http/a.ts", 'import { page } from "../console/page.tsx";'],
    ["remote/a.ts", 'import type { Stub } from "../client/stubs.ts";'],
    ["remote/a.ts", 'import { env } from "cloudflare:workers";'],
    ["client/a.ts", 'import { connect } from "../remote/connect.ts";'],
    ["remote/a.ts", "const now = Date.now();"],
    ["console/a.ts", "const now = Date.now();"],
    ["objects/a.ts", "const now = Date.now();"],
    ["core/a.ts", "const now = new Date();"],
    ["store/a.ts", "const random = Math.random();"],
    ["index.ts", 'import { TestKit } from "./testing/kit.ts";'],
    ["objects/a.ts", 'import { Stage } from "../testing/stage.ts";'],
    ["demo/a.ts", 'import { TestKit } from "../testing/kit.ts";'],
    ["testing/kit.ts", 'import { readFileSync } from "node:fs";'],
  ])("finds what is wrong in %s: %s", (path, text) => {
    expect(faults(new Map([[path, text]]))).toHaveLength(1);
  });

  it.each([
    ["core/task/a.ts", "../config/b.ts"],
    ["core/a.ts", "./task/b.ts"],
    ["core/dispatch/a.ts", "../task/b.ts"],
    ["core/task/a.ts", "../attic/b.ts"],
    ["core/attic/a.ts", "../task/b.ts"],
    ["http/auth.ts", "./console/b.ts"],
    ["http/native/a.ts", "../doors.ts"],
  ])("finds an import against the order: %s imports %s", (path, name) => {
    const sources = new Map([[path, `import { b } from "${name}";`]]);
    expect(faults(sources)).toHaveLength(1);
    expect(faults(sources)[0]).toContain("against the order of");
  });

  it.each([
    ["core/task/a.ts", "../egress/b.ts"],
    ["core/task/deep/a.ts", "../b.ts"],
    ["core/task/a.ts", "../errors.ts"],
    ["http/doors.ts", "./native/b.ts"],
    ["http/native/a.ts", "../respond.ts"],
  ])("has nothing against %s importing %s", (path, name) => {
    expect(faults(new Map([[path, `import { b } from "${name}";`]]))).toEqual([]);
  });

  it("finds a circle of files", () => {
    const round = new Map([
      ["core/a.ts", 'import { b } from "./b.ts";'],
      ["core/b.ts", 'import { a } from "./a.ts";'],
    ]);
    expect(circles(filesGraph(round))).toEqual(["core/a.ts -> core/b.ts -> core/a.ts"]);
  });

  it("finds a circle of folders that is none of files", () => {
    const round = new Map([
      ["objects/a/one.ts", 'import type { Two } from "../b/two.ts";'],
      ["objects/b/two.ts", ""],
      ["objects/b/three.ts", 'import { four } from "../a/four.ts";'],
      ["objects/a/four.ts", ""],
    ]);
    expect(circles(filesGraph(round))).toEqual([]);
    expect(circles(foldersGraph(round))).toEqual(["objects/a -> objects/b -> objects/a"]);
  });
});
