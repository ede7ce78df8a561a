// `durable-taskqueue/vite`: what a Worker that Vite builds imports from queue.yaml is the file compiled, with a cron.yaml
// beside it, as `durable-taskqueue build` does. A bad file is an error of the build, or in the page's overlay.
import { basename, dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { EnvironmentModuleNode, Plugin, Rollup } from "vite";
import { compile } from "./cli/files/compile.ts";
import { cronBeside } from "./cli/files/read.ts";
import { QueueConfigError } from "./core/config/yaml-document.ts";

const QUEUE = "queue.yaml";
const CRON = "cron.yaml";
const NAME = "durable-taskqueue";

/** The library's own module that reads YAML at a Worker's start; of its sources, or as it is installed. */
const READER = fileURLToPath(
  new URL(`./core/config/yaml-files${extname(import.meta.url)}`, import.meta.url).href,
);
const NO_READER = `\0${NAME}/no-yaml`;

/** Compiles queue.yaml where it is imported: `import config from "../queue.yaml"`. */
export function taskQueues(): Plugin {
  let root = "";
  const named = (file: string) => relative(root, file).replaceAll("\\", "/");
  return {
    name: NAME,
    enforce: "pre",
    configResolved(config) {
      root = config.root;
    },
    resolveId(source, importer) {
      // Vite itself asks for what was said to be watched.
      const fault = importer && basename(importer) === QUEUE ? undefined : faultOf(source);
      if (fault !== undefined) this.error(`${fault} in ${named(importer ?? root)}`);
      // Nothing is text any more, and its reader would be in the Worker for nothing.
      return isReader(source, importer) ? NO_READER : undefined;
    },
    load(id) {
      if (id === NO_READER) return NO_YAML;
      if (basename(id) !== QUEUE) return undefined;
      const cron = cronBeside(id);
      for (const file of [id, ...(cron === undefined ? [] : [cron])]) this.addWatchFile(file);
      return { code: moduleOf(this, id, cron, named), moduleType: "js" };
    },
    // A cron.yaml is no module of its own; one may be new, or gone.
    hotUpdate({ file, modules }): EnvironmentModuleNode[] {
      if (basename(file) !== CRON) return modules;
      const queue = join(dirname(file), QUEUE).replaceAll("\\", "/");
      return [...modules, ...(this.environment.moduleGraph.getModulesByFile(queue) ?? [])];
    },
  };
}

/** What is wrong with how one of the files is imported. */
function faultOf(source: string): string | undefined {
  const [path = "", query] = source.split("?");
  const file = basename(path);
  if (file === CRON) {
    return `${CRON}: found an import of it, expected none: that of ${QUEUE} has it inside`;
  }
  if (file !== QUEUE || query === undefined) return undefined;
  return `${QUEUE}: found an import with ?${query}, expected import config from "${path}"`;
}

function isReader(source: string, importer: string | undefined): boolean {
  return (
    importer !== undefined && source.startsWith(".") && join(dirname(importer), source) === READER
  );
}

const NO_YAML = `export function fromYaml() {
  throw new TypeError(${JSON.stringify(`config: found a text, expected what import config from "../${QUEUE}" gives: the plugin of ${NAME} leaves the reader of YAML out`)});
}
`;

function moduleOf(
  context: Rollup.PluginContext,
  queueYaml: string,
  cronYaml: string | undefined,
  named: (file: string) => string,
): string {
  try {
    return `export default ${JSON.stringify(compile(queueYaml, cronYaml, named))};\n`;
  } catch (error) {
    if (!(error instanceof QueueConfigError)) throw error;
    const [first] = error.problems;
    const isCron = cronYaml !== undefined && error.message.startsWith(`${named(cronYaml)}:`);
    const id = isCron ? cronYaml : queueYaml;
    const loc = { file: id, line: first?.line ?? 1, column: first?.column ?? 1 };
    return context.error({ message: error.message, id, loc });
  }
}
