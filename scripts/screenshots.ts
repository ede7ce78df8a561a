// `npm run screenshots [-- DIRECTORY]`: every page of the console, dark and light, as a desk and a phone have it.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, newContext } from "./browser.ts";
import { defineQueues, EXPIRED, FAILED, makeLively, passSecond, RETRYING } from "./lively.ts";
import { ROOT, type Server, startServer } from "./server.ts";

const PAGES: readonly (readonly [
  name: string,
  path: string,
  before?: (page: Page) => Promise<void>,
])[] = [
  ["queues", ""],
  ["queue", "/queues/thumbnails"],
  ["queue-mail", "/queues/mail?state=due", selectTwo],
  ["queue-6h", "/queues/mail?span=6h&state=scheduled"],
  ["queue-pull", "/queues/inbox"],
  ["queue-paused", "/queues/reports"],
  ["queue-expired", "/queues/reports?state=expired"],
  ["queue-empty", "/queues/sub?state=failed"],
  ["queue-keys", "/queues/invoices/keys"],
  ["queue-key", "/queues/invoices?key=acme"],
  [
    "key-limits",
    "/queues/invoices/keys",
    (page) => page.getByRole("button", { name: "Limit shop.example.com/eu" }).click(),
  ],
  ["task-keyed", "/queues/invoices/tasks/invoice-119"],
  ["task-retrying", `/queues/thumbnails/tasks/${RETRYING}`],
  ["task-failed", `/queues/thumbnails/tasks/${FAILED}`],
  ["task-expired", `/queues/reports/tasks/${EXPIRED}`],
  ["task-master", "/queues/master/tasks/slow"],
  ["task-done", "/queues/sub/tasks/nightly-1-4"],
  ["task-leased", "/queues/inbox/tasks/scan-1"],
  ["preview", "/queues/mail/preview?rate=20%2Fs&task_retry_limit=8"],
  ["group", "/groups/master-slow"],
  ["cron", "/cron"],
  ["alerts", "/alerts"],
  ["search", "/queues/mail?text=example", (page) => page.getByText(/^looked at /).waitFor()],
  ["costs", "/costs"],
  [
    "plan",
    "/plan",
    (page) => plan(page, "queue: [{name: mail, rate: 5/s}, {name: sub, rate: 2/s}]"),
  ],
  [
    "plan-faults",
    "/plan",
    (page) => plan(page, "queue:\n- name: mail\n  rate: 5/w\n  colour: red"),
  ],
  ["add", "/queues/mail", (page) => page.getByRole("button", { name: "Add a task" }).click()],
  ["purge", "/queues/mail", (page) => page.getByRole("button", { name: "Purge…" }).click()],
  ["keys", "", (page) => page.keyboard.press("?")],
  ["unknown", "/queues/nope"],
];

async function plan(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "queue.yaml" }).fill(text);
  await page.getByRole("button", { name: "Show what would change" }).click();
  await page.locator(".plan, .faults").waitFor();
}

const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
/** Charts show a quarter of an hour: so long, less a little, it is let run first. */
const WARM_UP_S = Number(process.env.WARM_UP_S ?? 840);

/** Then it takes until something is late. */
const LATER_MS = 40_000;

const directory = process.argv[2] ?? join(tmpdir(), "taskqueue-screenshots");
const only = process.argv[3];
mkdirSync(directory, { recursive: true });
const stateDir = mkdtempSync(join(tmpdir(), "taskqueue-screenshots-state-"));
process.on("exit", () => rmSync(stateDir, { recursive: true, force: true }));

process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

const server = await startServer({ stateDir });
const browser = await launchBrowser();
try {
  await defineQueues(server);
  for (let second = 0; second < WARM_UP_S; second++) {
    await passSecond(server, second);
    await pause(1000);
  }
  await makeLively(server);
  await pause(LATER_MS);
  for (const size of ["desk", "phone"] as const) {
    for (const scheme of ["light", "dark"] as const) await shootAll(browser, server, size, scheme);
  }
} finally {
  await browser.close();
  await server.stop();
}
console.log(`${directory} (of ${ROOT})`);
process.exit(0);

async function shootAll(
  browser: Browser,
  { url }: Server,
  size: keyof typeof SIZES,
  colorScheme: "light" | "dark",
): Promise<void> {
  const context = await newContext(browser, { viewport: SIZES[size], colorScheme });
  for (const [name, path, before] of PAGES) {
    if (only && !name.startsWith(only)) continue;
    const page = await context.newPage();
    page.on("console", (message) => console.log(`${name}: ${message.type()} ${message.text()}`));
    page.on("pageerror", (error) => console.log(`${name}: ${error}`));
    await page.goto(`${url}/_ah/console${path}`);
    await page.getByText("Live", { exact: true }).waitFor();
    await page.locator(".loading").waitFor({ state: "detached" });
    await before?.(page);
    await pause(300);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) console.log(`${name} ${size}: ${wide} px too wide`);
    await page.screenshot({
      path: join(directory, `${name}-${size}-${colorScheme}.png`),
      fullPage: !["add", "purge", "keys", "key-limits"].includes(name),
    });
    await page.close();
  }
  await context.close();
}

async function selectTwo(page: Page): Promise<void> {
  for (const n of [1, 2]) await page.locator("tbody input[type=checkbox]").nth(n).check();
}
