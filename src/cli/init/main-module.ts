// The main module of a Worker: what it has of the lines that queues need, and the text with the rest. It is
// parsed, and changed by inserting alone.
import { type ParserPlugin, parse } from "@babel/parser";
import type { ExportDefaultDeclaration, ImportDeclaration, Program, Statement } from "@babel/types";
import { EXPORTS } from "./names.ts";
import { type Advice, Refusal } from "./plan.ts";

export interface Main {
  /** From the project's folder. */
  path: string;
  text: string;
  /** What queue.yaml is imported from there. */
  yaml: string;
}

export interface EditedMain {
  text: string;
  advice: Advice[];
  /** Whether the default export has a method `scheduled` of its own. */
  hasScheduled: boolean;
  /** The name of a Hono or itty-router app, for the lines that are said at the end. */
  router: Router | undefined;
}

export interface Router {
  kind: "hono" | "itty";
  name: string;
}

interface Insertion {
  at: number;
  text: string;
}

const LIBRARY = "durable-taskqueue";

export function editMain(main: Main): EditedMain {
  const program = programOf(main);
  if (isServiceWorker(program)) throw new Refusal(serviceWorker(main.path));
  const advice: Advice[] = [];
  const insertions = [...linesAtTop(main, program, advice), ...wrapping(main, program, advice)];
  return {
    text: inserted(main.text, insertions),
    advice,
    hasScheduled: /\bscheduled\s*[(:,]/.test(main.text),
    router: routerOf(program),
  };
}

function programOf({ path, text }: Main): Program {
  const plugins: ParserPlugin[] = ["decorators", "importAttributes"];
  if (/\.[cm]?tsx?$/.test(path)) plugins.push("typescript");
  if (/x$/.test(path) || /\.[cm]?js$/.test(path)) plugins.push("jsx");
  try {
    return parse(text, { sourceType: "module", plugins }).program;
  } catch (error) {
    throw new Refusal(`${path}: cannot be parsed: ${(error as Error).message}`);
  }
}

function isServiceWorker({ body }: Program): boolean {
  const isModule = body.some(({ type }) => /^(Import|Export)/.test(type));
  return !isModule && body.some((each) => calleeOf(each) === "addEventListener");
}

function calleeOf(statement: Statement): string | undefined {
  if (statement.type !== "ExpressionStatement" || statement.expression.type !== "CallExpression") {
    return undefined;
  }
  const { callee } = statement.expression;
  return callee.type === "Identifier" ? callee.name : undefined;
}

function serviceWorker(path: string): string {
  return `${path}: a service worker (addEventListener), which can have no Durable Objects; make it a module, with the line: export default { fetch(request, env, ctx) { ... } }`;
}

/** The imports, the queues and the exports, as far as they are missing. */
function linesAtTop(main: Main, program: Program, advice: Advice[]): Insertion[] {
  const missing = EXPORTS.filter((name) => !exportedNames(program).has(name));
  const clash = missing.find((name) => topNames(program).has(name));
  if (clash !== undefined) {
    const lines = [`another name for the ${clash} that is there: the queues export one`];
    advice.push({ place: main.path, lines, isNeeded: true });
    return [];
  }
  const made = queuesOf(program);
  const taken = missing.length > 0 ? `export const { ${missing.join(", ")} } = ` : "";
  const { end, semi, quote, eol } = styleOf(main.text, program);
  if (made) return taken ? [{ at: made.end, text: `${eol}${taken}${made.name}${semi}` }] : [];
  if (missing.length === 0) return [];
  const name = nameFor(program);
  const imports = [
    `import { createTaskQueues } from ${quote}${LIBRARY}${quote}${semi}`,
    `import queueYaml from ${quote}${main.yaml}${quote}${semi}`,
  ];
  const env = knowsEnv(main) ? "<Env>" : "";
  const lines = [
    ...(end === undefined ? imports : ["", ...imports]),
    "",
    `const ${name} = createTaskQueues${env}({ config: queueYaml })${semi}`,
    `${taken}${name}${semi}`,
    ...(end === undefined ? ["", ""] : []),
  ];
  return [{ at: end ?? firstLine(main.text), text: lines.join(eol) }];
}

/** `queues.serve(` and `)` around the default export. */
function wrapping(main: Main, program: Program, advice: Advice[]): Insertion[] {
  const name = queuesOf(program)?.name ?? nameFor(program);
  const found = program.body.find((each) => each.type === "ExportDefaultDeclaration");
  if (isGuarded(main.text, name)) return [];
  const [start, end] = found ? spanOf(found) : [];
  if (start !== undefined && end !== undefined) {
    return [
      { at: start, text: `${name}.serve(` },
      { at: end, text: ")" },
    ];
  }
  advice.push({ place: main.path, lines: linesByHand(name, found), isNeeded: true });
  return [];
}

/** Of what can be wrapped: an object, a name, a call, with types around it. */
function spanOf({ declaration }: ExportDefaultDeclaration): [number?, number?] {
  const wrapped = [
    ...["ObjectExpression", "Identifier", "CallExpression", "NewExpression", "AwaitExpression"],
    ...["TSSatisfiesExpression", "TSAsExpression"],
  ];
  if (!wrapped.includes(declaration.type)) return [];
  const { start, end, extra } = declaration;
  const before = (extra?.parenStart as number | undefined) ?? start;
  return before === start && start != null && end != null ? [start, end] : [];
}

function linesByHand(name: string, found: ExportDefaultDeclaration | undefined): string[] {
  if (found?.declaration.type === "ClassDeclaration") {
    return [
      "first in the method fetch of the class:",
      `  const answer = await ${name}.fetch(request, this.env, this.ctx);`,
      "  if (answer) return answer;",
    ];
  }
  return [
    `export default ${name}.serve(handler);   in place of the default export, handler being it`,
  ];
}

/** Whether the queues are at the door already, as a wrapper or as middleware. */
function isGuarded(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\s*\\.\\s*(serve|fetch)\\s*\\(`).test(text);
}

/** The variable that is there for what createTaskQueues gave, and where its statement ends. */
function queuesOf(program: Program): { name: string; end: number } | undefined {
  for (const statement of program.body) {
    const inner = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (inner?.type !== "VariableDeclaration") continue;
    for (const { id, init } of inner.declarations) {
      const isMade = init?.type === "CallExpression" && init.callee.type === "Identifier";
      if (!isMade || id.type !== "Identifier") continue;
      const { name } = init.callee as { name: string };
      if (name === "createTaskQueues") return { name: id.name, end: statement.end as number };
    }
  }
  return undefined;
}

function nameFor(program: Program): string {
  return topNames(program).has("queues") ? "taskQueues" : "queues";
}

function exportedNames({ body }: Program): Set<string> {
  const names = new Set<string>();
  for (const statement of body) {
    if (statement.type !== "ExportNamedDeclaration") continue;
    for (const { exported } of statement.specifiers) {
      names.add(exported.type === "Identifier" ? exported.name : exported.value);
    }
    // A class of the user's own is exported too, but not ours.
    if (statement.declaration?.type === "VariableDeclaration") {
      for (const name of namesOf(statement.declaration)) names.add(name);
    }
  }
  return names;
}

/** What is declared at the top of the module. */
function topNames({ body }: Program): Set<string> {
  return new Set(body.flatMap((statement) => namesOf(statement)));
}

function namesOf(statement: Statement): string[] {
  if (statement.type === "ImportDeclaration")
    return statement.specifiers.map((it) => it.local.name);
  if (statement.type === "ExportNamedDeclaration") {
    return statement.declaration ? namesOf(statement.declaration) : [];
  }
  if (statement.type === "ClassDeclaration" || statement.type === "FunctionDeclaration") {
    return statement.id ? [statement.id.name] : [];
  }
  if (statement.type !== "VariableDeclaration") return [];
  return statement.declarations.flatMap(({ id }) => patternNames(id));
}

function patternNames(id: { type: string }): string[] {
  if (id.type === "Identifier") return [(id as { name: string } & typeof id).name];
  if (id.type !== "ObjectPattern") return [];
  const { properties } = id as unknown as { properties: { value?: { type: string } }[] };
  return properties.flatMap(({ value }) => (value ? patternNames(value) : []));
}

interface Style {
  /** Where the last import ends. */
  end: number | undefined;
  semi: string;
  quote: string;
  eol: string;
}

/** As the module itself is written. */
function styleOf(text: string, { body }: Program): Style {
  const imports = body.filter(
    (each): each is ImportDeclaration => each.type === "ImportDeclaration",
  );
  const last = imports.at(-1)?.end ?? undefined;
  const sample = body[0] ? text.slice(body[0].start as number, body[0].end as number) : ";";
  const source = imports[0]?.source;
  return {
    end: last,
    semi: /[;}]$/.test(sample) ? ";" : "",
    quote: source ? (text[source.start as number] as string) : '"',
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  };
}

/** After `#!` and before everything else. */
function firstLine(text: string): number {
  return /^\uFEFF?(#![^\n]*\n)?/.exec(text)?.[0].length ?? 0;
}

/** Whether a type Env is spoken of. */
function knowsEnv({ path, text }: Main): boolean {
  return /\.[cm]?tsx?$/.test(path) && /[:<,\s]Env\b/.test(text);
}

function routerOf(program: Program): Router | undefined {
  for (const statement of program.body) {
    if (statement.type !== "VariableDeclaration") continue;
    for (const { id, init } of statement.declarations) {
      if (id.type !== "Identifier") continue;
      const called =
        init?.type === "NewExpression" || init?.type === "CallExpression" ? init.callee : undefined;
      const name = called?.type === "Identifier" ? called.name : "";
      if (/^(Hono|OpenAPIHono)$/.test(name)) return { kind: "hono", name: id.name };
      if (/^(AutoRouter|Router|IttyRouter)$/.test(name)) return { kind: "itty", name: id.name };
    }
  }
  return undefined;
}

function inserted(text: string, insertions: readonly Insertion[]): string {
  const fromTheEnd = [...insertions].sort((one, other) => other.at - one.at);
  return fromTheEnd.reduce(
    (result, { at, text: added }) => result.slice(0, at) + added + result.slice(at),
    text,
  );
}
