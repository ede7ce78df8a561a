// What `init` says: the differences, the lines that are left, and what comes next.
import { createTwoFilesPatch } from "diff";
import type { Router } from "./main-module.ts";
import type { Advice, Change } from "./plan.ts";

export function diffOf(changes: readonly Change[]): string {
  return changes.map(({ path, before, after }) => patch(path, before, after)).join("");
}

function patch(path: string, before: string | undefined, after: string): string {
  const from = before === undefined ? "/dev/null" : `a/${path}`;
  const options = { context: 3 };
  const text = createTwoFilesPatch(from, `b/${path}`, before ?? "", after, "", "", options);
  return text.replace(/^=+\n/, "").replaceAll("\t\n", "\n");
}

export function adviceOf(advice: readonly Advice[]): string[] {
  return advice.flatMap(({ place, lines, isNeeded }) => [
    `${isNeeded ? "To add by hand" : "You may want to add"}, in ${place}:`,
    ...lines.map((line) => `    ${line}`),
  ]);
}

export function nextSteps(main: string, router: Router | undefined): string[] {
  return [
    `Next, in ${main}: a handler for the queue's tasks,`,
    ...handlerOf(router).map((line) => `    ${line}`),
    'and wherever there is work:  await queues.get(env, "mail").add({ payload: { to: "you@example.com" } });',
  ];
}

function handlerOf(router: Router | undefined): string[] {
  const read = (request: string) =>
    `const task = await readTask(${request});   // from durable-taskqueue`;
  if (router?.kind === "hono") {
    return [
      `${router.name}.post("/_ah/queue/mail", async (c) => {`,
      `  ${read("c.req.raw")}`,
      "  return c.body(null);",
      "});",
    ];
  }
  if (router?.kind === "itty") {
    return [
      `${router.name}.post("/_ah/queue/mail", async (request) => {`,
      `  ${read("request")}`,
      "  return new Response();",
      "});",
    ];
  }
  return [
    'if (new URL(request.url).pathname === "/_ah/queue/mail") {',
    `  ${read("request")}`,
    "  return new Response();",
    "}",
  ];
}
