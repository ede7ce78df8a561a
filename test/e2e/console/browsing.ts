// Looking at the console of a running server with a browser. Whatever a page complains of fails its test.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { launchBrowser, newContext } from "../../../scripts/browser.ts";
import type { Server } from "../../../scripts/server.ts";

/** One browser for the tests of a file. */
export function browserForAll(): { current: Browser } {
  const held = {} as { current: Browser };
  beforeAll(async () => {
    held.current = await launchBrowser();
  });
  afterAll(() => held.current?.close());
  return held;
}

interface Visit extends BrowserContextOptions {
  /** Complaints that are expected: part of what the console says. */
  expected?: RegExp;
}

const PATIENCE_MS = 30_000;

/** A page of the console's, with cookies and storage of its own. */
export async function visit(
  browser: Browser,
  { url }: Pick<Server, "url">,
  path = "",
  { expected, ...options }: Visit = {},
): Promise<Page> {
  const context = await newContext(browser, { viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  onTestFinished(async () => {
    await context.close();
    expect(complaints.filter((text) => !expected?.test(text))).toEqual([]);
  });
  await page.goto(`${url}/_ah/console${path}`);
  return page;
}

/** Waits until the page shows this text somewhere. */
export async function shows(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).first().waitFor();
}

/** A browser says so of every answer that is a refusal. */
export const REFUSED = /^Failed to load resource: the server responded with a status of 40\d/;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds, in a line each. */
export async function faults(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  // To tell of all that is in order takes twice the time again.
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: typeof axe }).axe.run({ resultTypes: ["violations"] }),
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
