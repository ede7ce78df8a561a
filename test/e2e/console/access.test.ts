// Signing in with the token, looking with the one that may only read, and a server that comes back.
import { expect, it } from "vitest";
import { onWorkerd, startServer } from "../../../scripts/server.ts";
import { add, runningServer, temporaryDir } from "../support.ts";
import { browserForAll, faults, REFUSED, shows, visit } from "./browsing.ts";

const browser = browserForAll();

const WITH_TOKENS = onWorkerd({
  vars: ["TASKQUEUE_TOKEN:open-sesame", "TASKQUEUE_READ_TOKEN:only-look"],
});

it("asks for the token, and shows no button to whom may only read", async () => {
  const server = await runningServer({ stateDir: temporaryDir(), command: WITH_TOKENS });
  const auth = { Authorization: "Bearer open-sesame" };
  const { status } = await server.fetch("/_ah/api/queues/master/tasks?name=seen&countdown=900", {
    method: "POST",
    headers: auth,
  });
  expect(status).toBe(201);

  const page = await visit(browser.current, server, "/queues/master", { expected: REFUSED });
  expect(await faults(page)).toEqual([]);
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await shows(page, "That is not the token");
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await faults(page)).toEqual([]);
  await page.getByLabel("Token").fill("open-sesame");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/_ah/console/queues/master");
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("button", { name: "Resume", exact: true }).click();
  await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();

  await page.getByLabel("Token").fill("only-look");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "master", exact: true }).click();
  await page.getByRole("link", { name: "seen" }).waitFor();
  await shows(page, "Live");
  for (const name of ["Pause", "Purge…", "Add a task"]) {
    expect(await page.getByRole("button", { name }).count()).toBe(0);
  }
  expect(await page.getByRole("checkbox").count()).toBe(0);
  await page.getByRole("link", { name: "seen" }).click();
  await page.getByRole("button", { name: "Copy as curl" }).waitFor();
  for (const name of ["Run now", "Delete…", "Change time…", "Add again…"]) {
    expect(await page.getByRole("button", { name }).count()).toBe(0);
  }
});

it("comes back by itself after its server was killed and started again", async () => {
  const stateDir = temporaryDir();
  const first = await runningServer({ stateDir, command: onWorkerd() });
  const page = await visit(browser.current, first, "", { expected: /^Failed to load resource/ });
  await shows(page, "Live");
  await first.kill();
  await page.locator(".connection", { hasText: "Reconnecting" }).waitFor();
  const again = await startServer({
    ...{ stateDir, command: onWorkerd(), port: Number(new URL(first.url).port) },
  });
  try {
    await page.locator(".connection", { hasText: "Live" }).waitFor();
    await add(again, "master", "name=after&countdown=900", { from: "1", to: "2" });
    await page.locator("tr", { hasText: "master" }).getByText("1 scheduled").waitFor();
  } finally {
    await again.stop();
  }
});
