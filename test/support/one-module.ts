// A plugin for Vite by which tests inside workerd get the sources as one module. Each test file has a workerd of its own,
// to which Vite hands module by module: several hundreds took most of a short file's time.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import type { Plugin } from "vite";

const TEST = fileURLToPath(new URL("..", import.meta.url));
const FOLDERS = ["objects", "client", "http", "service", "testing"];
/** Imported besides. */
const WORKER = "support/worker.ts";
const IMPORT = /^(?:import|export)(?! type) (?:[^"';]* from )?"([^"?]*)";$/gm;
const DYNAMIC_IMPORT = /\bimport\("([^"]*)"\)/g;

const ALL = "\0one-module";
const PART = "\0part-of-one-module:";

export function oneModule(): Plugin {
  /** What each exports. */
  const exported = new Map<string, readonly string[]>();
  let options = OPTIONS;
  return {
    name: "one-module",
    enforce: "pre",
    async buildStart() {
      const { paths, packages } = importedByTests();
      // Of what tests import too there is one.
      options = { ...OPTIONS, external: ["cloudflare:*", ...packages] };
      for (const [path, names] of await exportsOf(paths, options)) exported.set(path, names);
    },
    resolveId(id, importer) {
      if (id === ALL) return id;
      const path = id.startsWith("/") ? id : importer && resolve(dirname(importer), id);
      return path && exported.has(path) ? PART + path : undefined;
    },
    async load(id) {
      const paths = [...exported.keys()];
      if (id === ALL) {
        const text = paths.map((path, i) => `export {${renamed(path, i)}} from "${path}";`);
        const code = await bundleOf(text.join("\n"), options, (path) => this.addWatchFile(path));
        // A map of it, which leads nowhere but to this text, would be sent along, at several times its size.
        return { code, map: { mappings: "" } };
      }
      if (!id.startsWith(PART)) return;
      const path = id.slice(PART.length);
      const names = namesOf(path, paths.indexOf(path)).map(([name, one]) => `${one} as ${name}`);
      return `export {${names}} from "${ALL}";`;
    },
  };

  function namesOf(path: string, index: number): [name: string, inOne: string][] {
    return (exported.get(path) ?? []).map((name) => [name, `m${index}_${name}`]);
  }

  function renamed(path: string, index: number): string[] {
    return namesOf(path, index).map(([name, one]) => `${name} as ${one}`);
  }
}

/** What test files import: absolute paths of modules, and names of packages. */
function importedByTests(): { paths: string[]; packages: string[] } {
  const paths = new Set([join(TEST, WORKER)]);
  const packages = new Set(["vitest"]);
  for (const file of FOLDERS.flatMap(testsIn)) {
    const text = readFileSync(file, "utf8");
    for (const [, from = ""] of [...text.matchAll(IMPORT), ...text.matchAll(DYNAMIC_IMPORT)]) {
      if (from.startsWith(".")) paths.add(resolve(dirname(file), from));
      else packages.add(from);
    }
  }
  return { paths: [...paths].filter((path) => path.endsWith(".ts")), packages: [...packages] };
}

function testsIn(folder: string): string[] {
  const all = readdirSync(join(TEST, folder), { recursive: true, encoding: "utf8" });
  return all.filter((it) => it.endsWith(".test.ts")).map((it) => join(TEST, folder, it));
}

const OPTIONS: Options = {
  ...{ bundle: true, write: false, format: "esm", target: "es2024", keepNames: true },
  ...{ conditions: ["workerd", "worker", "browser"], loader: { ".yaml": "text" } },
  ...{ metafile: true, outdir: TEST, absWorkingDir: TEST },
  // What package.json says of side effects is said of the library, not of what supports its tests.
  ignoreAnnotations: true,
};

type Options = BuildOptions & { metafile: true; write: false };

async function exportsOf(
  paths: readonly string[],
  options: Options,
): Promise<[path: string, names: string[]][]> {
  const { metafile } = await build({ ...options, entryPoints: [...paths], splitting: true });
  return Object.values(metafile.outputs).flatMap(({ entryPoint, exports }) =>
    entryPoint ? [[resolve(TEST, entryPoint), exports]] : [],
  );
}

async function bundleOf(
  contents: string,
  options: Options,
  onFile: (path: string) => void,
): Promise<string> {
  const { outputFiles, metafile } = await build({
    // It is sent to each workerd, over a connection that compresses: every character counts.
    ...{ ...options, minifyWhitespace: true },
    stdin: { contents, resolveDir: TEST, loader: "ts" },
  });
  for (const path of Object.keys(metafile.inputs)) onFile(resolve(TEST, path));
  return outputFiles[0]?.text ?? "";
}
