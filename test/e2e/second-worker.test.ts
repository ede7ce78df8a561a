import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { runningServer, temporaryDir } from "./support.ts";

it("a queue's target is a second Worker behind a service binding", async () => {
  const configs = ["-c", "app/wrangler.toml", "-c", "backend/wrangler.toml"];
  const server = await runningServer({
    stateDir: temporaryDir(),
    command: ["wrangler", "dev", ...configs],
    cwd: join(ROOT, "examples", "second-worker"),
  });
  expect(await (await server.fetch("/")).text()).toMatch(/^queued [0-9a-z]{20}\n$/);
  await until("the backend's log line", 15, () =>
    server
      .lines()
      .some((line) => /backend: \w+ on mail sent a mail to you@example\.com/.test(line)),
  );
});
