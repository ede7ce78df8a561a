// What the wrangler file of a Worker with queues lacks. Wrangler's environments inherit all of it (rules,
// migrations, triggers, build, the date), unless they say it themselves: then they need it too.
import { CLASSES, EVERY_MINUTE, NEEDED_DATE } from "./names.ts";
import type { Advice } from "./plan.ts";

/** A wrangler file, read. */
export type Config = { readonly [key: string]: unknown };

/** A change of the file: `value` is set at `path`, or becomes the last or the first of the list there. */
export interface Edit {
  path: readonly string[];
  kind: "set" | "append" | "prepend";
  value: unknown;
}

export interface Needs {
  edits: Edit[];
  advice: Advice[];
}

export interface Circumstances {
  /** The name of the wrangler file. */
  file: string;
  /** Vite reads queue.yaml by `?raw` and knows neither rules nor the build command. */
  isVite: boolean;
  /** The Worker's own handler has a method `scheduled`, which every cron trigger calls. */
  hasScheduled: boolean;
}

const TEXT_RULE = { type: "Text", globs: ["**/*.yaml"], fallthrough: true };
const CHECK = "npx durable-taskqueue check queue.yaml";

export function needsOf(config: Config, about: Circumstances): Needs {
  const needs: Needs = { edits: [], advice: [] };
  needDate(needs, config, [], about);
  if (!about.isVite) needRule(needs, config, []);
  needClasses(needs, config, [], about);
  needTrigger(needs, config, about);
  if (!about.isVite) needCheck(needs, config, about);
  for (const [name, scope] of Object.entries(mappingOf(config.env))) {
    needOwn(needs, mappingOf(scope), ["env", name], about);
  }
  return needs;
}

/** What an environment says itself in place of what is inherited. */
function needOwn(needs: Needs, scope: Config, path: string[], about: Circumstances): void {
  if (scope.compatibility_date !== undefined) needDate(needs, scope, path, about);
  if (scope.rules !== undefined && !about.isVite) needRule(needs, scope, path);
  if (scope.migrations !== undefined || scope.exports !== undefined) {
    needClasses(needs, scope, path, about);
  }
}

function needDate(needs: Needs, scope: Config, at: string[], { file }: Circumstances): void {
  const flags = listOf(scope.compatibility_flags);
  if (flags.includes("disable_ctx_exports")) {
    const lines = ["compatibility_flags without disable_ctx_exports: the queues need ctx.exports"];
    needs.advice.push({ place: file, lines, isNeeded: true });
  }
  if (flags.includes("enable_ctx_exports")) return;
  const date = scope.compatibility_date;
  if (typeof date === "string" && date >= NEEDED_DATE) return;
  needs.edits.push({ path: [...at, "compatibility_date"], kind: "set", value: NEEDED_DATE });
}

// The first: behind a rule of its type that has no `fallthrough` it would be ignored.
function needRule(needs: Needs, scope: Config, at: string[]): void {
  const rules = listOf(scope.rules).map(mappingOf);
  const stop = rules.findIndex(({ type, fallthrough }) => type === "Text" && fallthrough !== true);
  const heard = stop < 0 ? rules : rules.slice(0, stop + 1);
  if (heard.some(isForYaml)) return;
  needs.edits.push({ path: [...at, "rules"], kind: "prepend", value: TEXT_RULE });
}

function isForYaml({ type, globs }: Config): boolean {
  return (
    type === "Text" && listOf(globs).some((glob) => /(\.yaml|\{.*\byaml\b.*\})$/.test(`${glob}`))
  );
}

function needClasses(needs: Needs, scope: Config, at: string[], about: Circumstances): void {
  if (usesOthers(scope)) return;
  const exports = mappingOf(scope.exports);
  if (Object.values(exports).some(isObjectExport)) needExports(needs, exports, at);
  else needMigration(needs, scope, at, about);
}

/** Whether the classes are another Worker's, reached by bindings. */
function usesOthers({ durable_objects }: Config): boolean {
  const bindings = listOf(mappingOf(durable_objects).bindings).map(mappingOf);
  return bindings.some(
    (it) => it.script_name !== undefined && CLASSES.includes(`${it.class_name}`),
  );
}

function needMigration(needs: Needs, scope: Config, at: string[], about: Circumstances): void {
  const steps = listOf(scope.migrations).map(mappingOf);
  const old = steps.flatMap(({ new_classes }) => listOf(new_classes));
  const wrong = CLASSES.filter((name) => old.includes(name));
  if (wrong.length > 0) needs.advice.push(adviceOnOld(wrong, about.file));
  const listed = [...old, ...steps.flatMap((step) => listOf(step.new_sqlite_classes))];
  const missing = CLASSES.filter((name) => !listed.includes(name));
  if (missing.length === 0) return;
  const value = { tag: freeTag(steps), new_sqlite_classes: missing };
  needs.edits.push({ path: [...at, "migrations"], kind: "append", value });
}

function isObjectExport(value: unknown): boolean {
  return mappingOf(value).type === "durable-object";
}

function needExports(needs: Needs, exports: Config, at: string[]): void {
  for (const name of CLASSES.filter((each) => exports[each] === undefined)) {
    const value = { type: "durable-object", storage: "sqlite" };
    needs.edits.push({ path: [...at, "exports", name], kind: "set", value });
  }
}

function adviceOnOld(names: readonly string[], file: string): Advice {
  const lines = [
    `${names.join(", ")} under new_sqlite_classes, not new_classes: the queues need SQLite`,
  ];
  return { place: `${file}, [[migrations]]`, lines, isNeeded: true };
}

/** v3 after v1 and v2; a name of its own among tags of another form. */
function freeTag(steps: readonly Config[]): string {
  const tags = steps.map(({ tag }) => `${tag}`);
  const numbers = tags.map((tag) => Number(/^v(\d+)$/.exec(tag)?.[1] ?? Number.NaN));
  if (numbers.every((number) => !Number.isNaN(number))) return `v${Math.max(0, ...numbers) + 1}`;
  let tag = "task-queues";
  for (let n = 2; tags.includes(tag); n++) tag = `task-queues-${n}`;
  return tag;
}

function needTrigger(needs: Needs, config: Config, about: Circumstances): void {
  const crons = listOf(mappingOf(config.triggers).crons);
  if (crons.includes(EVERY_MINUTE)) return;
  if (crons.length === 0 && !about.hasScheduled) {
    const value = [EVERY_MINUTE];
    needs.edits.push({ path: ["triggers", "crons"], kind: "set", value });
    return;
  }
  // A trigger that is added calls the Worker's own `scheduled` too.
  const lines = [
    `"${EVERY_MINUTE}" in crons: a safety net for the queues. Every trigger calls your own`,
    "`scheduled` too, so look at controller.cron there first. Your triggers wake the queues as well.",
  ];
  needs.advice.push({ place: `${about.file}, triggers`, lines, isNeeded: false });
}

// With a build command `wrangler dev` watches `watch_dir` alone, src unless it is set. That cannot be the folder of
// the wrangler file, in which wrangler writes: a Worker whose main module lies there tells of a bad file at its start.
function needCheck(needs: Needs, config: Config, about: Circumstances): void {
  const { command, watch_dir } = mappingOf(config.build);
  const [folder, ...rest] = `${config.main}`.replace(/^\.\//, "").split("/");
  if (command === undefined) {
    if (rest.length === 0) return;
    needs.edits.push({ path: ["build", "command"], kind: "set", value: CHECK });
    const value = [folder, "queue.yaml", "cron.yaml"];
    if (watch_dir === undefined)
      needs.edits.push({ path: ["build", "watch_dir"], kind: "set", value });
  } else if (!`${command}`.includes("durable-taskqueue check")) {
    const lines = [`command = ${JSON.stringify(`${CHECK} && ${command}`)}`];
    needs.advice.push({ place: `${about.file}, build`, lines, isNeeded: false });
  }
}

export function mappingOf(value: unknown): Config {
  const isMapping = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMapping ? (value as Config) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The file as it is meant to be read after the edits. */
export function withEdits(config: Config, edits: readonly Edit[]): Config {
  const result = structuredClone(config) as Record<string, unknown>;
  for (const { path, kind, value } of edits) {
    const parents = path.slice(0, -1);
    let scope = result;
    for (const key of parents) scope = scope[key] = { ...mappingOf(scope[key]) };
    const key = path.at(-1) as string;
    const list = listOf(scope[key]);
    if (kind === "set") scope[key] = value;
    else scope[key] = kind === "append" ? [...list, value] : [value, ...list];
  }
  return result;
}
