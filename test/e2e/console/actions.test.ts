// What people do with the console, against the server as they have it.

import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { onWorkerd, type Server, startServer } from "../../../scripts/server.ts";
import { until } from "../../../scripts/until.ts";
import type { Task } from "../../../src/core/task/task.ts";
import { add, stateOf } from "../support.ts";
import { browserForAll, REFUSED, shows, visit } from "./browsing.ts";
import { temporaryState } from "./state.ts";

const browser = browserForAll();
const state = temporaryState();
let server: Server;

beforeAll(async () => {
  server = await startServer({ stateDir: state.dir, command: onWorkerd() });
});
afterAll(() => server?.stop());

/** A push queue of this test's own. */
async function define(queue: string, entry: object = { rate: "100/s" }): Promise<void> {
  const { status } = await server.fetch(`/_ah/api/queues/${queue}`, {
    method: "PUT",
    body: JSON.stringify(entry),
  });
  expect(status).toBe(200);
}

async function addAll(queue: string, tasks: object[]): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ tasks });
  const { status } = await server.fetch(`/_ah/api/queues/${queue}/tasks`, {
    method: "POST",
    headers,
    body,
  });
  expect(status).toBe(200);
}

const post = (path: string) => server.fetch(`/_ah/api${path}`, { method: "POST" });
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
/** How many rows the list of tasks has. */
const rows = (page: Page) => page.locator("tr[data-row]");

it("follows a count from the master's start to its last subtask", async () => {
  const page = await visit(browser.current, server);
  await page.getByRole("link", { name: "master", exact: true }).click();
  await page.getByRole("heading", { name: "master" }).waitFor();
  // The page is there first: a task that is done is in no list.
  await add(server, "master", "name=counted", { from: "1", to: "40", parts: "20", pauseMs: "400" });
  await page.getByRole("link", { name: "counted", exact: true }).click();
  await shows(page, "Waits for group");
  const bar = page.getByRole("progressbar");
  await until(
    "some subtasks done",
    30,
    async () => Number(await bar.getAttribute("aria-valuenow")) > 0,
  );
  await shows(page, "Waited for group");
  expect(await bar.getAttribute("aria-valuenow")).toBe("20");
  await page.locator(".page-head .state-done").waitFor();
  expect(await page.title()).toBe("counted · master · Task queues");
  await page.getByRole("link", { name: "master-counted" }).click();
  await page.getByRole("link", { name: "counted-1-2", exact: true }).waitFor();
  await shows(page, "[39,40]");
});

it("a paused queue is why its tasks wait, and they run once it is resumed", async () => {
  await define("halted");
  const page = await visit(browser.current, server, "/queues/halted");
  await button(page, "Pause").click();
  await button(page, "Resume").waitFor();
  await page.locator(".marks", { hasText: "paused" }).waitFor();
  await addAll("halted", [{ name: "held", url: "/", method: "GET" }]);
  await page.getByRole("cell", { name: "the queue is paused" }).waitFor();
  await page.getByRole("link", { name: "held" }).click();
  await page.locator(".why", { hasText: "the queue is paused" }).waitFor();
  const list = await visit(browser.current, server);
  await list.locator("tr", { hasText: "halted" }).getByText("Paused with 1 task due").waitFor();
  await post("/queues/halted:resume");
  await page.locator(".page-head .state-done").waitFor();
  expect(await page.locator(".why").count()).toBe(0);
});

it("what is all that match is counted, asked back, and acted on", async () => {
  await define("crowded", { rate: "0" });
  await addAll("crowded", [
    ...Array.from({ length: 70 }, (_, i) => ({ name: `old-${i}` })),
    ...Array.from({ length: 5 }, (_, i) => ({ name: `new-${i}` })),
  ]);
  const page = await visit(browser.current, server, "/queues/crowded?prefix=old-");
  await until("a page of the list", 30, async () => (await rows(page).count()) === 50);
  await page.getByRole("checkbox", { name: "Select all shown" }).check();
  await shows(page, "50 selected");
  await button(page, "Select all that match").click();
  await button(page, "Delete…").click();
  await shows(page, 'Delete these 70 tasks whose names begin with "old-" of queue crowded?');
  await button(page, "Delete 70").click();
  await shows(page, "70 deleted");
  await shows(page, "Nothing matches the filter.");
  const { tasks } = await server.json<{ tasks: Task[] }>("/_ah/api/queues/crowded/tasks");
  expect(tasks.map(({ name }) => name).sort()).toEqual([
    "new-0",
    "new-1",
    "new-2",
    "new-3",
    "new-4",
  ]);
});

it("a purge needs the queue's name", async () => {
  await define("spoilt", { rate: "0" });
  await addAll("spoilt", [{ name: "a" }, { name: "b" }]);
  const page = await visit(browser.current, server, "/queues/spoilt");
  await button(page, "Purge…").click();
  await shows(page, "Deletes 2 tasks on the queue.");
  const dialog = page.getByRole("dialog");
  expect(await button(page, "Purge").isDisabled()).toBe(true);
  await dialog.getByRole("textbox").fill("spoil");
  await dialog.getByRole("textbox").press("Enter");
  expect(await button(page, "Purge").isDisabled()).toBe(true);
  expect(await stateOf(server, "spoilt", "a")).toBe("due");
  await dialog.getByRole("textbox").fill("spoilt");
  await button(page, "Purge").click();
  await shows(page, "There is nothing on this queue.");
  expect(await stateOf(server, "spoilt", "a")).toBe("deleted");
});

it("a task is added, given another time, run, deleted, its name released, by hand", async () => {
  await define("manual", { rate: "0" });
  const page = await visit(browser.current, server, "/queues/manual", { expected: REFUSED });
  await page.locator(".page-head").getByRole("button", { name: "Add a task" }).click();
  await page.getByLabel("Name", { exact: true }).fill("by-hand");
  await page.getByLabel("Seconds from now").fill("3600");
  await page.getByLabel("Body", { exact: true }).selectOption("json");
  await page.getByLabel("What the body is").fill('{"a":');
  await page.getByRole("alert").waitFor();
  await page.getByLabel("What the body is").fill('{"a": 1}');
  await button(page, "Add").click();
  await page.waitForURL("**/queues/manual/tasks/by-hand");
  await shows(page, "waiting for its ETA");
  await button(page, "Change time…").click();
  await page.getByRole("dialog").getByRole("textbox").fill("tomorrow");
  await button(page, "Change").click();
  await shows(page, /eta: found "tomorrow"/);
  await button(page, "Change time…").click();
  await page.getByRole("dialog").getByRole("textbox").fill("7200");
  await button(page, "Change").click();
  await shows(page, /in 1 h 59 min|in 2 h/);
  await button(page, "Add again…").click();
  expect(await page.getByLabel("What the body is").inputValue()).toBe('{\n  "a": 1\n}');
  await page.getByLabel("Name", { exact: true }).fill("by-hand");
  await button(page, "Add").click();
  await shows(page, /belongs to a task that is still on the queue/);
  await button(page, "Cancel").click();
  await button(page, "Delete…").click();
  await button(page, "Delete").click();
  await page.locator(".page-head .state-deleted").waitFor();
  await button(page, "Release the name…").click();
  await button(page, "Release").click();
  await shows(page, "There is no such thing");
});

it("run now runs one of a paused queue", async () => {
  await define("asked", { rate: "0" });
  await addAll("asked", [
    { name: "first", url: "/", method: "GET" },
    { name: "second", url: "/", method: "GET" },
  ]);
  const page = await visit(browser.current, server, "/queues/asked/tasks/second");
  await button(page, "Run now").click();
  await page.locator(".page-head .state-done").waitFor();
  expect(await stateOf(server, "asked", "first")).toBe("due");
});

it("a group that is to stop is cancelled", async () => {
  await define("parts", { rate: "0" });
  const tasks = [
    { queue: "parts", name: "part-1" },
    { queue: "parts", name: "part-2" },
  ];
  const body = JSON.stringify({ name: "endless", tasks });
  expect((await server.fetch("/_ah/api/groups", { method: "POST", body })).status).toBe(201);
  const page = await visit(browser.current, server, "/queues/parts/tasks/part-1");
  await page.getByRole("link", { name: "endless" }).click();
  await page.locator(".page-head .state-running").waitFor();
  await button(page, "Cancel…").click();
  await button(page, "Cancel the group").click();
  await page.locator(".page-head .state-cancelled").waitFor();
  await until(
    "both deleted",
    30,
    async () => (await rows(page).getByText("deleted").count()) === 2,
  );
});
