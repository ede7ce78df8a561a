// What a Worker that is being set up lacks, as one sentence that names the line to add: looked for as early as
// it can be seen.
import type { App } from "./app.ts";
import { ALL_EXPORTS, SET_UP, withoutContextExports, withoutExport } from "./exported.ts";
import { writeText } from "./log.ts";

const RULE = 'rules = [{ type = "Text", globs = ["**/*.yaml"], fallthrough = true }]';

/** The runtime's own account of the compatibility date and flags; missing in an old one. */
interface Runtime {
  Cloudflare?: { compatibilityFlags?: Record<string, boolean | undefined> };
}

/** Throws where objects could not find each other, since the compatibility date is too old. */
export function checkCompatibility(runtime: unknown = globalThis): void {
  const flags = (runtime as Runtime).Cloudflare?.compatibilityFlags;
  if (flags?.enable_ctx_exports !== false) return;
  throw new Error(withoutContextExports());
}

/** The text of a yaml file as it was imported; `field` is the option it was given by. */
export function importedText(field: "config" | "cron", given: unknown): string {
  const file = field === "config" ? "queue.yaml" : "cron.yaml";
  const name = field === "config" ? "queueYaml" : "cronYaml";
  const fault = faultOfText(given, file, `import ${name} from "./${file}"`);
  if (fault === undefined) return given as string;
  const [found, line] = fault;
  throw new Error(
    `${SET_UP}: ${field}: found ${found}, expected the text of ${file}; it needs the line: ${line}`,
  );
}

/** What was found instead of a text, and the line that is needed. */
function faultOfText(given: unknown, file: string, byImport: string): [string, string] | undefined {
  const raw = `${byImport.slice(0, -1)}?raw"`;
  const byRule = `${RULE} in the wrangler file, or with Vite ${raw}`;
  if (typeof given === "string") {
    return isAddress(given) ? [`the path ${JSON.stringify(given)}`, byRule] : undefined;
  }
  if (given === undefined || given === null) {
    return ["nothing", `${byImport}, with createTaskQueues({ config: queueYaml })`];
  }
  if (given instanceof ArrayBuffer || ArrayBuffer.isView(given)) return ["bytes", byRule];
  if (typeof given !== "object") return [`a ${typeof given}`, byImport];
  if ("default" in given) return ["a module", byImport];
  return [`the contents of ${file}, read already`, byRule];
}

// What bundlers give for a file they do not read: where it is.
function isAddress(text: string): boolean {
  return /^(data:\S+|[^\s:]+\.ya?ml(\?\S*)?)$/.test(text);
}

/** The handler, with its `fetch`; throws when what is to be served is none. */
export function checkHandler<Env>(handler: unknown): App<Env> {
  const { fetch } = (handler ?? {}) as { fetch?: unknown };
  if (typeof fetch === "function") return handler as App<Env>;
  const found = handler === null || handler === undefined ? "nothing" : typeof handler;
  throw new Error(
    `${SET_UP}: serve: found ${found} without a method fetch, expected the Worker's handler: export default queues.serve({ fetch(request, env, ctx) { ... } })`,
  );
}

// Whoever makes queues a second time, as tests do, exports those of the first.
let areExported = false;

/**
 * Watches which classes the Worker's main module takes, and once it has run says in the log which one it did
 * not: a runtime that is told of a class and does not find it says only that something is undefined.
 */
export function watchExports<Exports extends object>(exports: Exports): Exports {
  const taken = new Set<PropertyKey>();
  queueMicrotask(() => {
    const missing = ALL_EXPORTS.find((name) => !taken.has(name));
    if (missing === undefined) areExported = true;
    else if (!areExported) writeText("error", withoutExport(missing));
  });
  for (const name of ALL_EXPORTS) {
    const value = exports[name as keyof Exports];
    Object.defineProperty(exports, name, { enumerable: true, get: () => taken.add(name) && value });
  }
  return exports;
}

/** Where requests come in: by `serve` or by the middleware `fetch`. */
export class Entrance {
  #isUsed = false;
  #isTold = false;

  use(): void {
    this.#isUsed = true;
  }

  /** Called after a task went through the Worker's default export: there it must have met the middleware. */
  afterTask(): void {
    if (this.#isUsed || this.#isTold) return;
    this.#isTold = true;
    writeText(
      "error",
      `${SET_UP}: the Worker's default export is not wrapped, so that anybody can call its handlers and the API does not answer; its main module needs the line: export default queues.serve(handler);`,
    );
  }
}
