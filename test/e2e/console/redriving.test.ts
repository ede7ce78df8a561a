// A task whose handler refuses it, until somebody has mended the handler and redrives the task.
import { expect, it } from "vitest";
import { onWorkerd } from "../../../scripts/server.ts";
import { outsideServer } from "../outside.ts";
import { runningServer, temporaryDir } from "../support.ts";
import { browserForAll, shows, visit } from "./browsing.ts";

const browser = browserForAll();

const ANSWER = '<img src=x onerror="window.harmed = 1"><script>window.harmed = 1</script>';

it("shows each attempt and what was answered, as text, and is done once it is redriven", async () => {
  let isMended = false;
  const handler = await outsideServer(({ response }) => {
    response.writeHead(isMended ? 200 : 500, { "Content-Type": "text/html" }).end(ANSWER);
  });
  const command = onWorkerd({ vars: [`TASKQUEUE_ALLOW_HOSTS:${handler.host}`] });
  const server = await runningServer({ stateDir: temporaryDir(), command });
  const task = { name: "lost", url: `${handler.origin}/it`, retry: { limit: 1, minBackoff: 0 } };
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(task);
  await server.fetch("/_ah/api/queues/default/tasks", { method: "POST", headers, body });

  const page = await visit(browser.current, server);
  await page
    .locator("tr", { hasText: "default" })
    .getByText("1 task has failed and can be redriven")
    .waitFor();
  await page.getByRole("link", { name: "default", exact: true }).click();
  await page.getByRole("link", { name: /^failed/ }).click();
  await page.getByRole("link", { name: "lost" }).click();
  await page.locator(".page-head .state-failed").waitFor();
  const attempts = page.getByRole("region", { name: "Attempts", exact: true });
  expect(await attempts.getByRole("row").count()).toBe(3);
  expect(await attempts.locator(".head").first().innerText()).toBe(ANSWER);
  expect(await page.evaluate(() => "harmed" in window)).toBe(false);

  isMended = true;
  await page.getByRole("button", { name: "Redrive" }).click();
  await shows(page, "lost is back on the queue");
  await page.locator(".page-head .state-done").waitFor();
  expect(await attempts.getByRole("row").count()).toBe(2);
  expect(handler.arrived).toHaveLength(3);
});
