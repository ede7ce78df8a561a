// A browser to look at the console with: one that is installed, else the one that comes from npm.
import { existsSync } from "node:fs";
import chromium from "@sparticuz/chromium";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium as launcher,
} from "playwright-core";

const INSTALLED = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

// It talks to this machine's server and to nobody else.
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Each has a profile of its own, gone when it is closed. CHROMIUM_PATH says which to take. */
export async function launchBrowser(): Promise<Browser> {
  return launcher.launch({ executablePath: await chromiumPath(), args: FLAGS });
}

/** A place and a language of its own: a machine may have none, or any. */
export function newContext(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  return browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
}

async function chromiumPath(): Promise<string> {
  const { CHROMIUM_PATH } = process.env;
  return CHROMIUM_PATH ?? INSTALLED.find((path) => existsSync(path)) ?? chromium.executablePath();
}
