import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { isIdle } from "../../scripts/count-once.ts";
import { quietEnv, ROOT } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { runningServer, temporaryDir } from "./support.ts";

const EXAMPLE = join(ROOT, "examples", "second-worker");

it("type-checks", () => {
  execFileSync("tsc", ["--noEmit", "-p", EXAMPLE], { env: quietEnv(), stdio: "inherit" });
});

it("a queue's target is a second Worker behind a service binding", async () => {
  const configs = ["-c", "app/wrangler.toml", "-c", "backend/wrangler.toml"];
  const server = await runningServer({
    stateDir: temporaryDir(),
    command: ["wrangler", "dev", ...configs],
    cwd: EXAMPLE,
  });
  expect(await (await server.fetch("/")).text()).toMatch(/^queued [0-9a-z]{20}\n$/);
  await until("the backend's log line", 15, () =>
    server
      .lines()
      .some((line) => /backend: \w+ on mail sent a mail to you@example\.com/.test(line)),
  );
  // The queue has its answer: the signal that would have cut the handler off stays silent.
  await until("an idle queue", 5, () => isIdle(server));
  expect(server.lines().filter((line) => line.includes("is cut off"))).toEqual([]);
});

it("a third Worker adds by a service binding, without a token", async () => {
  const configs = ["shop", "app", "backend"].flatMap((name) => ["-c", `${name}/wrangler.toml`]);
  const server = await runningServer({
    stateDir: temporaryDir(),
    command: ["wrangler", "dev", ...configs],
    cwd: EXAMPLE,
  });
  const text = async (path: string) => (await server.fetch(path)).text();
  const sent = (name: string) => () =>
    server.lines().some((line) => line.includes(`backend: ${name} on mail sent a mail to you@`));
  const [, byRpc = ""] = /^ordered (\w+)\n$/.exec(await text("/order")) ?? [];
  await until("the backend's log line", 15, sent(byRpc));
  expect(await text("/once")).toBe("ordered once\n");
  expect(await text("/once")).toBe("once was ordered before\n");
  await until("the backend's log line", 15, sent("once"));
});
