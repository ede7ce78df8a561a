// A browser to look at the console with: one that is installed, else the one that comes from npm.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium, { inflate } from "@sparticuz/chromium";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type LaunchOptions,
  chromium as launcher,
} from "playwright-core";
import { ROOT } from "./server.ts";

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
  const executablePath = process.env.CHROMIUM_PATH ?? INSTALLED.find((path) => existsSync(path));
  return launcher.launch(executablePath ? { executablePath, args: FLAGS } : await npmsBrowser());
}

/** A place and a language of its own: a machine may have none, or any. */
export function newContext(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  return browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", ...options });
}

// It brings along what a bare machine has none of: libraries, and fonts.
async function npmsBrowser(): Promise<LaunchOptions> {
  const executablePath = await chromium.executablePath();
  const files = join(ROOT, "node_modules/@sparticuz/chromium/bin");
  const libraries = join(await inflate(join(files, "al2023.tar.br")), "lib");
  const fonts = existsSync("/etc/fonts") ? {} : { FONTCONFIG_PATH: join(tmpdir(), "fonts") };
  const env = { ...process.env, LD_LIBRARY_PATH: libraries, ...fonts };
  return { executablePath, args: FLAGS, env };
}
