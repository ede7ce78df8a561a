// The main module, in the forms people write it in: exports, queues and the wrap are put in, and what is there
// stays.
import { describe, expect, it } from "vitest";
import { type EditedMain, editMain } from "../../../src/cli/init/main-module.ts";
import { Refusal } from "../../../src/cli/init/plan.ts";

const NAMES = "TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner";

function edited(path: string, text: string): EditedMain {
  return editMain({ path, text, yaml: "../queue.yaml" });
}

/** The default export before and after; `path` says the language. */
const FORMS: [name: string, path: string, before: string, after: string][] = [
  [
    "an object",
    "a.js",
    "export default { fetch() {} };",
    "export default queues.serve({ fetch() {} });",
  ],
  [
    "without semicolons",
    "a.js",
    "export default { fetch() {} }\n",
    "export default queues.serve({ fetch() {} })\n",
  ],
  [
    "satisfies",
    "a.ts",
    "export default { fetch() {} } satisfies ExportedHandler<Env>;",
    "export default queues.serve({ fetch() {} } satisfies ExportedHandler<Env>);",
  ],
  [
    "as",
    "a.ts",
    "export default { fetch() {} } as Handler;",
    "export default queues.serve({ fetch() {} } as Handler);",
  ],
  [
    "a name",
    "a.ts",
    "const worker = { fetch() {} };\nexport default worker;",
    "const worker = { fetch() {} };\nexport default queues.serve(worker);",
  ],
  [
    "Hono",
    "a.ts",
    'import { Hono } from "hono";\nconst app = new Hono();\nexport default app;',
    "export default queues.serve(app);",
  ],
  [
    "Hono with more",
    "a.tsx",
    "const app = new Hono();\nexport default { fetch: app.fetch, scheduled() {} };",
    "export default queues.serve({ fetch: app.fetch, scheduled() {} });",
  ],
  [
    "itty's router, spread",
    "a.js",
    "const router = Router()\nexport default { ...router }",
    "export default queues.serve({ ...router })",
  ],
  [
    "itty's router",
    "a.js",
    "const router = AutoRouter()\nexport default router",
    "export default queues.serve(router)",
  ],
  [
    "a call",
    "a.ts",
    "export default withSentry((env: Env) => ({}), { fetch() {} });",
    "export default queues.serve(withSentry((env: Env) => ({}), { fetch() {} }));",
  ],
  [
    "JSX",
    "a.tsx",
    "export default { fetch: () => render(<p>hi</p>) };",
    "export default queues.serve({ fetch: () => render(<p>hi</p>) });",
  ],
  [
    "JSX in JavaScript",
    "a.js",
    "export default { fetch: () => render(<p>hi</p>) };",
    "export default queues.serve({ fetch: () => render(<p>hi</p>) });",
  ],
  [
    "a text that looks like code",
    "a.js",
    'const page = `export default { }`;\nexport default { fetch() { return "export default x;" } };',
    'export default queues.serve({ fetch() { return "export default x;" } });',
  ],
  [
    "a comment inside",
    "a.js",
    "export default /* the handler */ { fetch() {} } // end",
    "export default /* the handler */ queues.serve({ fetch() {} }) // end",
  ],
  [
    "a variable called queues",
    "a.js",
    "const queues = [];\nexport default { fetch() {} };",
    "export default taskQueues.serve({ fetch() {} });",
  ],
  [
    "decorators and an old assertion",
    "a.ts",
    "@sealed class A {}\nconst a = <string>b;\nexport default { fetch() {} };",
    "export default queues.serve({ fetch() {} });",
  ],
];

describe("the main module", () => {
  it.each(FORMS)("%s", (_, path, before, after) => {
    const { text, advice } = edited(path, before);
    expect(advice).toEqual([]);
    expect(text).toContain(after);
    expect(text).toMatch(/import \{ createTaskQueues \} from ["']durable-taskqueue["']/);
    expect(text).toContain(`export const { ${NAMES} } = `);
    // By inserting alone: what was there is there, letter by letter.
    let at = 0;
    for (const char of before) at = text.indexOf(char, at) + 1;
    expect(at).toBeGreaterThan(0);
    expect(edited(path, text).text).toBe(text);
  });

  it("is written as it was: quotes, semicolons, ends of lines, and what stands before", () => {
    const before = "#!/usr/bin/env node\r\n// A\r\nimport a from 'a'\r\n\r\nexport default a\r\n";
    expect(edited("a.js", before).text).toBe(
      [
        "#!/usr/bin/env node",
        "// A",
        "import a from 'a'",
        "import { createTaskQueues } from 'durable-taskqueue'",
        "import queueYaml from '../queue.yaml'",
        "",
        "const queues = createTaskQueues({ config: queueYaml })",
        `export const { ${NAMES} } = queues`,
        "",
        "export default queues.serve(a)",
        "",
      ].join("\r\n"),
    );
  });

  it("knows the type of its environment, if there is one", () => {
    const typed = (text: string) => edited("a.ts", text).text.includes("createTaskQueues<Env>(");
    expect(typed("interface Env {}\nexport default { fetch(r: Request, env: Env) {} };")).toBe(
      true,
    );
    expect(typed("const app = new Hono<{ Bindings: Env }>();\nexport default app;")).toBe(true);
    expect(typed("export default { fetch() {} };")).toBe(false);
    expect(edited("a.js", "/** @param {Env} env */\nexport default {}").text).not.toContain(
      "<Env>",
    );
  });

  it("gets only what it lacks", () => {
    const begun = `import { createTaskQueues } from "durable-taskqueue";
const tasks = createTaskQueues({ config: "queue:" });
export const { TaskQueue, TaskCron } = tasks;
export default { fetch() {} };
`;
    expect(edited("a.js", begun).text).toBe(`import { createTaskQueues } from "durable-taskqueue";
const tasks = createTaskQueues({ config: "queue:" });
export const { TaskGroup, TaskDirectory, TaskEgress, TaskRunner } = tasks;
export const { TaskQueue, TaskCron } = tasks;
export default tasks.serve({ fetch() {} });
`);
  });

  it.each([
    [
      "middleware",
      "const answer = await queues.fetch(request, env, ctx); if (answer) return answer;",
    ],
    [
      "a wrapper elsewhere",
      "const wrapped = queues.serve(app); return wrapped.fetch(request, env, ctx);",
    ],
  ])("is not wrapped where there is %s", (_, line) => {
    const text = `import { createTaskQueues } from "durable-taskqueue";
const queues = createTaskQueues({ config: "" });
export const { ${NAMES} } = queues;
export default { async fetch(request, env, ctx) { ${line} } };
`;
    expect(edited("a.js", text)).toMatchObject({ text, advice: [] });
  });
});

describe("what is left to be done by hand", () => {
  it.each([
    [
      "a class",
      "export default class extends WorkerEntrypoint { fetch() {} }",
      "await queues.fetch(request, this.env, this.ctx);",
    ],
    [
      "a name exported as default",
      "const a = {};\nexport { a as default };",
      "export default queues.serve(handler);",
    ],
    [
      "another module's default",
      'export { default } from "./b";',
      "export default queues.serve(handler);",
    ],
    ["no default", "export const a = 1;", "export default queues.serve(handler);"],
    ["a function", "export default function () {}", "export default queues.serve(handler);"],
    ["a member", "export default app.fetch;", "export default queues.serve(handler);"],
  ])("%s is said in lines, and the rest is done", (_, before, line) => {
    const { text, advice } = edited("a.js", before);
    expect(advice).toHaveLength(1);
    expect(advice[0]).toMatchObject({ place: "a.js", isNeeded: true });
    expect(advice[0]?.lines.join("\n")).toContain(line);
    expect(text).toContain(`export const { ${NAMES} } = queues;`);
    expect(edited("a.js", text).text).toBe(text);
  });

  it("a name that the queues need is another one's", () => {
    const text = "export class TaskQueue {}\nexport default { fetch() {} };";
    const { advice } = edited("a.js", text);
    expect(advice[0]?.lines).toEqual([
      "another name for the TaskQueue that is there: the queues export one",
    ]);
  });

  it.each([
    [
      "a service worker",
      'addEventListener("fetch", (event) => {});',
      "which can have no Durable Objects; make it a module",
    ],
    ["no JavaScript", "export default {", "a.js: cannot be parsed: "],
    [
      "TypeScript in JavaScript",
      "const a: string = 1; export default a;",
      "a.js: cannot be parsed: ",
    ],
  ])("%s is refused", (_, text, sentence) => {
    expect(() => edited("a.js", text)).toThrow(Refusal);
    expect(() => edited("a.js", text)).toThrow(sentence);
  });
});
