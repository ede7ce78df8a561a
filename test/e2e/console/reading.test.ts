// What people see in the console, and how they find their way: by keys, by address, whatever is in a task.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { onWorkerd, type Server, startServer } from "../../../scripts/server.ts";
import { until } from "../../../scripts/until.ts";
import { browserForAll, shows, visit } from "./browsing.ts";
import { temporaryState } from "./state.ts";

const browser = browserForAll();
const state = temporaryState();
let server: Server;

beforeAll(async () => {
  server = await startServer({ stateDir: state.dir, command: onWorkerd() });
});
afterAll(() => server?.stop());

async function queueOf(queue: string, tasks: object[]): Promise<void> {
  const json = (method: string, path: string, body: object) =>
    server.fetch(`/_ah/api/queues/${queue}${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  expect((await json("PUT", "", { rate: "0" })).status).toBe(200);
  const added = await json("POST", "/tasks", { tasks });
  expect(added.status).toBe(200);
}

const rowNames = (page: Page) => page.locator("tr[data-row] .task-name a").allInnerTexts();
const focused = (page: Page) => page.evaluate(() => document.activeElement?.textContent);

it("is drawn by a browser without a language of its own", async () => {
  const page = await browser.current.newPage();
  onTestFinished(() => page.close());
  await page.goto(`${server.url}/_ah/console`);
  await page.getByRole("link", { name: "master", exact: true }).click();
  await page.locator(".chart canvas").first().waitFor();
});

it("goes through a list by keys alone", async () => {
  await queueOf("keys", [{ name: "a-1" }, { name: "a-2" }, { name: "b-1" }]);
  const page = await visit(browser.current, server);
  await page.getByRole("link", { name: "keys" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("j");
  while ((await focused(page)) !== "keys") await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/queues/keys");
  await until("three tasks", 30, async () => (await rowNames(page)).length === 3);
  await page.keyboard.press("/");
  await page.keyboard.type("a-");
  await page.waitForURL("**/queues/keys?prefix=a-");
  await until("two tasks", 30, async () => (await rowNames(page)).length === 2);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  expect(await focused(page)).toBe("a-2");
  await page.keyboard.press("x");
  await shows(page, "1 selected");
  await page.keyboard.press("k");
  expect(await page.locator("tr[data-row]:focus-within .task-name").innerText()).toBe("a-1");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/queues/keys/tasks/a-1");
  await page.keyboard.press("g");
  await page.keyboard.press("q");
  await page.waitForURL("**/_ah/console");
});

it("what is filtered stands in the address, and the back button leads back to it", async () => {
  await queueOf("shared", [
    { name: "a-1", countdown: 3600 },
    { name: "a-2" },
    { name: "b-1", countdown: 3600 },
  ]);
  const page = await visit(browser.current, server, "/queues/shared?state=scheduled&prefix=a-");
  await until("the one task", 30, async () => (await rowNames(page)).join() === "a-1");
  expect(await page.getByRole("searchbox").inputValue()).toBe("a-");
  await page.getByRole("link", { name: "a-1" }).click();
  await page.waitForURL("**/tasks/a-1");
  await page.goBack();
  await until("the one task again", 30, async () => (await rowNames(page)).join() === "a-1");
  await page.getByRole("link", { name: /^due/ }).click();
  await page.waitForURL("**/queues/shared?state=due&prefix=a-");
  await until("the other", 30, async () => (await rowNames(page)).join() === "a-2");
});

it("a long list goes on when it is asked to", async () => {
  await queueOf(
    "long",
    Array.from({ length: 60 }, (_, i) => ({ name: `n-${i}` })),
  );
  const page = await visit(browser.current, server, "/queues/long");
  await until("a page", 30, async () => (await rowNames(page)).length === 50);
  await page.getByRole("button", { name: "Show more" }).click();
  await until("all of it", 30, async () => new Set(await rowNames(page)).size === 60);
  expect(await page.getByRole("button", { name: "Show more" }).count()).toBe(0);
});

const HOSTILE = [
  "<script>window.harmed = 1</script>",
  '<img src=x onerror="window.harmed = 1">',
  '"><svg onload="window.harmed = 1">',
  "</pre></main></body><h1>taken over</h1>",
  "javascript:window.harmed=1",
  "\u202egnp.exe\u2066 \u200b\u200d\ufeff \u0000 \ud83d\ude08",
  "{{7*7}} %00 \\u003cb>",
];

it("what is in a task is text, and stays in its place", async () => {
  const [script, image] = HOSTILE as [string, string];
  const long = "w".repeat(40_000);
  await queueOf("hostile", [
    {
      name: "bad",
      url: `/x/${encodeURIComponent(script)}`,
      headers: { "X-Bad": image },
      payload: { [script]: image, all: HOSTILE, long },
    },
    { name: "worse", params: { [image]: script, more: HOSTILE } },
    { name: "text", payload: HOSTILE.join("\n") },
  ]);
  for (const name of ["bad", "worse", "text"]) {
    const page = await visit(browser.current, server, `/queues/hostile/tasks/${name}`, {
      viewport: { width: 390, height: 844 },
    });
    const payload = page.locator("pre.payload");
    await payload.waitFor();
    for (const text of name === "bad" ? [script] : HOSTILE) {
      expect(await payload.evaluate((pre) => pre.textContent)).toContain(text);
    }
    expect(await payload.locator("*").count()).toBe(0);
    expect(await page.locator("img, h1:text('taken over')").count()).toBe(0);
    expect(await page.evaluate(() => "harmed" in window)).toBe(false);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
      390,
    );
  }
});

it("a task is shown as a line for the shell that adds it again", async () => {
  await queueOf("copied", [{ name: "it", payload: { said: "it's" } }]);
  const page = await visit(browser.current, server, "/queues/copied/tasks/it", {
    permissions: ["clipboard-read", "clipboard-write"],
  });
  await page.getByRole("button", { name: "Copy as curl" }).click();
  await shows(page, "Copied");
  const line = await page.evaluate(() => navigator.clipboard.readText());
  expect(line).toBe(
    [
      `curl '${server.url}/_ah/api/queues/copied/tasks'`,
      "-H 'Content-Type: application/json'",
      `--data-raw '{"payload":{"said":"it'\\''s"}}'`,
    ].join(" \\\n  "),
  );
});

it("what the knobs lead to is shown as they are turned, and can be sent on", async () => {
  const page = await visit(browser.current, server, "/queues/sub/preview");
  await page.getByLabel("rate").fill("100/s");
  await page.getByLabel("max_concurrent_requests").fill("200");
  await page.getByLabel("task_retry_limit").fill("2");
  await shows(page, "1,000 tasks due at once: gone after 11 s");
  await shows(page, "is given up after 4.5 s");
  expect(await page.locator("pre.payload").innerText()).toContain(
    "    rate: 100/s\n    bucket_size: 5\n",
  );
  await page.getByLabel("rate").fill("fast");
  await shows(page, "expected a number per s, m, h or d");
  const again = await visit(
    browser.current,
    server,
    "/queues/sub/preview?rate=none&max_concurrent_requests=100&run_seconds=2",
  );
  await shows(again, "1,000 tasks due at once: gone after 20 s");
});

it("charts a quarter of an hour, or six hours as the address says", async () => {
  await queueOf("charted", [{ name: "a" }]);
  const page = await visit(browser.current, server, "/queues/charted");
  await shows(page, "Last 15 minutes");
  await page.getByRole("img", { name: /^In and out: added/ }).waitFor();
  await page.getByRole("button", { name: "6 h" }).click();
  await page.waitForURL("**/queues/charted?span=6h");
  await shows(page, "Last 6 hours");
  await page.getByRole("img", { name: /^Run time: p50/ }).waitFor();
});

it("stands still while nobody looks, and times are local or UTC as one likes", async () => {
  await queueOf("timed", [{ name: "once", countdown: 900 }]);
  const page = await visit(browser.current, server, "/queues/timed/tasks/once");
  const due = page.locator(".figure", { hasText: "Next attempt" }).locator("time");
  const at = new Date((await due.getAttribute("datetime")) ?? "");
  const clock = (timeZone: string) => at.toLocaleTimeString("en-GB", { timeZone });
  expect(await due.innerText()).toContain(clock("Europe/Berlin"));
  expect(await due.getAttribute("title")).toContain(clock("UTC"));
  await page.getByRole("button", { name: "Times: Local" }).click();
  expect(await due.innerText()).toContain(clock("UTC"));
  await shows(page, "Live");
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.locator(".connection", { hasText: "Paused" }).waitFor();
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: false, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.locator(".connection", { hasText: "Live" }).waitFor();
});
