// The recurring tasks of the demo's cron.yaml, in the console.
import { expect, it } from "vitest";
import { onWorkerd } from "../../../scripts/server.ts";
import { runningServer, temporaryDir } from "../support.ts";
import { browserForAll, shows, visit } from "./browsing.ts";

const browser = browserForAll();

it("shows when each runs next, pauses it, and runs it now", async () => {
  const server = await runningServer({ stateDir: temporaryDir(), command: onWorkerd() });
  const page = await visit(browser.current, server);
  await page.getByRole("link", { name: "Cron", exact: true }).click();
  await page.waitForURL("**/_ah/console/cron");
  const row = page.getByRole("row", { name: /tally/ });
  await row.getByText("every 1 minutes").waitFor();
  await row.getByRole("button", { name: "Pause" }).click();
  await row.getByText("paused").waitFor();
  expect(await page.title()).toBe("Cron · Task queues");
  await row.getByRole("button", { name: "Run now" }).click();
  await shows(page, "a task of tally is on its queue");
  await row.getByRole("link", { name: /ago|now/ }).click();
  await page.locator(".page-head .state-done").waitFor();
  await page.goBack();
  await row.getByRole("button", { name: "Resume" }).click();
  await row.getByRole("button", { name: "Pause" }).waitFor();
});
