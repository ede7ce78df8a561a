// The house stands on floors, and imports go down only. This reads the import lines and says who breaks it.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../src");

/** A source file by its path under src, and what it says. */
type House = ReadonlyMap<string, string>;

/** Made by a script: the console's bundle as text. */
const GENERATED = "http/console/assets.ts";

const FLOORS = ["core", "store", "objects", "client", "http", "index.ts", "demo"];

function readHouse(): House {
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

/** Every line of the house that its rules forbid. */
function faults(house: House): string[] {
  return [...house].flatMap(([path, text]) => [
    ...importsOf(path, loadedOf(path, text)).flatMap((name) => importFault(path, name) ?? []),
    ...clockFaults(path, text),
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
    return ["objects", "index.ts"].includes(floor) || floor === "demo" ? undefined : fault;
  if (name.startsWith("node:")) return path === "cli.ts" ? undefined : fault;
  if (name.endsWith(".yaml")) return floor === "demo" ? undefined : fault;
  if (!/\.tsx?$/.test(name)) return undefined;
  if (path === "cli.ts") return name.startsWith("core/") ? undefined : fault;
  if (floor === "console") return /^(console|core)\//.test(name) ? undefined : fault;
  if (floor === "demo") return name.startsWith("demo/") || name === "index.ts" ? undefined : fault;
  return floorOf(name) >= 0 && floorOf(name) <= floorOf(path) ? undefined : fault;
}

function clockFaults(path: string, text: string): string[] {
  if (["objects/host.ts", "console/clock.ts"].includes(path) || path.startsWith("demo/")) return [];
  const clocks =
    text.match(/\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)|\bperformance\.now\(/g) ?? [];
  return clocks.map((clock) => `${path} has ${clock}`);
}

/** Files that import each other in a circle, as the path round. */
function circles(house: House): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
    if (trail.includes(path) || done.has(path)) return;
    for (const name of importsOf(path, house.get(path) ?? ""))
      if (house.has(name)) visit(name, [...trail, path]);
    done.add(path);
  };
  for (const path of house.keys()) visit(path, []);
  return found;
}

describe("the house", () => {
  const house = readHouse();

  it("has imports that go down only, and clocks in one place", () => {
    expect(house.size).toBeGreaterThan(40);
    expect(faults(house)).toEqual([]);
  });

  it("has no circle of imports", () => {
    expect(circles(house)).toEqual([]);
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
    ["core/a.ts", 'const b = await import("../store/b.ts");'],
    ["core/a.ts", 'import "../http/b.ts";'],
    ["core/a.ts", 'import { b } from "../attic/b.ts";'],
    ["demo/a.ts", 'import { Store } from "../store/store.ts";'],
    ["cli.ts", 'import { api } from "./http/api.ts";'],
    ["console/a.tsx", 'import { api } from "../http/api.ts";'],
    ["http/a.ts", 'import { page } from "../console/page.tsx";'],
    ["console/a.ts", "const now = Date.now();"],
    ["objects/a.ts", "const now = Date.now();"],
    ["core/a.ts", "const now = new Date();"],
    ["store/a.ts", "const random = Math.random();"],
  ])("finds what is wrong in %s: %s", (path, text) => {
    expect(faults(new Map([[path, text]]))).toHaveLength(1);
  });

  it("finds a circle", () => {
    const round = new Map([
      ["core/a.ts", 'import { b } from "./b.ts";'],
      ["core/b.ts", 'import { a } from "./a.ts";'],
    ]);
    expect(circles(round)).toEqual(["core/a.ts -> core/b.ts -> core/a.ts"]);
  });
});
