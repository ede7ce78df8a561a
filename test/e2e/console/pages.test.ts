// Every page, light on a desk and dark on a phone: no fault that axe-core finds, and nothing that sticks out on the phone.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EXPIRED, FAILED, makeLively, RETRYING } from "../../../scripts/lively.ts";
import { onWorkerd, type Server, startServer } from "../../../scripts/server.ts";
import { until } from "../../../scripts/until.ts";
import { stateOf } from "../support.ts";
import { browserForAll, faults, REFUSED, visit } from "./browsing.ts";
import { temporaryState } from "./state.ts";

const browser = browserForAll();
const state = temporaryState();
let server: Server;

beforeAll(async () => {
  server = await startServer({ stateDir: state.dir, command: onWorkerd() });
  await makeLively(server);
  await until(
    "a failed task",
    30,
    async () => (await stateOf(server, "thumbnails", FAILED)) === "failed",
  );
  await until(
    "one that has expired",
    30,
    async () => (await stateOf(server, "reports", EXPIRED)) === "expired",
  );
  await until(
    "a done one",
    30,
    async () => (await stateOf(server, "sub", "nightly-1-4")) === "done",
  );
});
afterAll(() => server?.stop());

const press = (name: string) => (page: Page) =>
  page.getByRole("button", { name, exact: true }).click();

async function foundBy(page: Page): Promise<void> {
  await page.getByText(/^looked at /).waitFor();
}

async function planned(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "queue.yaml" }).fill(text);
  await page.getByRole("button", { name: "Show what would change" }).click();
  await page.locator(".plan, .faults").waitFor();
}

const PAGES: readonly [name: string, path: string, before?: (page: Page) => Promise<void>][] = [
  ["all queues", ""],
  ["a busy queue", "/queues/mail", (page) => page.getByRole("checkbox").nth(1).check()],
  ["a pull queue", "/queues/inbox"],
  ["a paused queue, over six hours", "/queues/reports?span=6h"],
  ["a list with nothing in it", "/queues/sub?state=failed"],
  ["tasks that have expired", "/queues/reports?state=expired"],
  ["one of them", `/queues/reports/tasks/${EXPIRED}`],
  ["names that are taken", "/queues/sub?state=ended"],
  ["keys of tasks", "/queues/invoices/keys"],
  ["limits of a key", "/queues/invoices/keys", press("Limit shop.example.com/eu")],
  ["a queue without keys", "/queues/mail/keys"],
  ["failures", "/queues/thumbnails/failures"],
  ["a redrive", "/queues/thumbnails/failures", press("Redrive all…")],
  ["a queue without failures", "/queues/sub/failures"],
  ["tasks of a key", "/queues/invoices?key=acme"],
  ["a task with a key", "/queues/invoices/tasks/invoice-119"],
  ["a task in back-off", `/queues/thumbnails/tasks/${RETRYING}`],
  ["a failed task", `/queues/thumbnails/tasks/${FAILED}`],
  ["a master", "/queues/master/tasks/slow"],
  ["a done task", "/queues/sub/tasks/nightly-1-4"],
  ["a leased task", "/queues/inbox/tasks/scan-1"],
  ["a group", "/groups/master-nightly"],
  ["cron", "/cron"],
  [
    "alerts",
    "/alerts",
    async (page) => {
      await page.locator("td", { hasText: "on since" }).waitFor();
      await press("Send a test of failed of reports")(page);
      await page.locator(".message-refused", { hasText: "The test did not arrive" }).waitFor();
    },
  ],
  ["the audit", "/audit"],
  ["the audit of a queue that nothing was done to", "/audit?queue=none"],
  ["the costs", "/costs?sort=rows"],
  ["a search", "/queues/mail?text=example&header=X-Team", foundBy],
  ["a plan", "/plan", (page) => planned(page, "queue: [{name: sub, rate: 2/s}]")],
  [
    "a plan of a file that is wrong",
    "/plan",
    (page) => planned(page, "queue:\n- name: a\n  rate: 5/w"),
  ],
  ["the preview", "/queues/mail/preview?rate=nonsense"],
  [
    "adding a task",
    "/queues/mail",
    (page) => page.locator(".page-head").getByRole("button", { name: "Add a task" }).click(),
  ],
  ["purging", "/queues/mail", press("Purge…")],
  ["the keys", "", press("Keys")],
  ["no such queue", "/queues/nope"],
  ["no such page", "/nothing/here"],
];

it.each(PAGES)("%s", async (_, path, before) => {
  const page = await visit(browser.current, server, path, { expected: REFUSED });
  await page.locator("main h1").first().waitFor();
  await page.locator(".connection", { hasText: "Live" }).waitFor();
  await before?.(page);
  expect(await faults(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await faults(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

/** Figures of which something sticks out where every time is as long as it gets. */
function stickingOut(): string[] {
  const figures = [...document.querySelectorAll(".strip .figure")];
  return figures.flatMap((figure) => {
    const [title, value] = [figure.querySelector("dt"), figure.querySelector("dd")];
    if (!title || !value) return [];
    if (/^(Oldest due|Drains in|Lateness|Run time)/.test(title.innerText)) {
      const times = value.querySelectorAll("span");
      for (const time of times.length > 0 ? times : [value]) time.textContent = "23 h 59 min";
    }
    return value.scrollWidth > value.clientWidth ? [title.innerText] : [];
  });
}

it.each(["", "/queues/mail", "/queues/inbox"])(
  "no figure sticks out of its place on %j",
  async (path) => {
    const page = await visit(browser.current, server, path);
    await page.locator(".figure", { hasText: "Costs" }).waitFor();
    for (const width of [1440, 1280, 1000, 700, 390]) {
      await page.setViewportSize({ width, height: 800 });
      expect([width, await page.evaluate(stickingOut)]).toEqual([width, []]);
    }
  },
);
