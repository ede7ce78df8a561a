import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { subtasksOf } from "../../scripts/count-once.ts";
import { quietEnv, ROOT } from "../../scripts/server.ts";
import { countsIn } from "../../scripts/tally.ts";

function demo(...options: string[]): { status: number | null; output: string } {
  const run = { cwd: ROOT, env: quietEnv(), encoding: "utf8", timeout: 100_000 } as const;
  const { status, stdout, stderr } = spawnSync("npm", ["run", "-s", "demo", "--", ...options], run);
  return { status, output: stdout + stderr };
}

it("npm run demo prints every subtask's count once, and the queues, and exits 0", () => {
  const { status, output } = demo("--from", "1", "--to", "60", "--parts", "6");
  const logged = output.split("\n").map((line) => line.replace(/^ *[\d.]+ s {2}/, ""));
  const names = countsIn(logged).map(({ subtask }) => subtask);
  expect(names.sort()).toEqual(subtasksOf("count", { from: 1, to: 60, parts: 6 }).sort());
  expect(output).toContain("TASK_ALREADY_EXISTS");
  expect(output).toContain("TOMBSTONED_TASK");
  expect(output).toMatch(/^sub +running/m);
  expect(status).toBe(0);
});

it("npm run demo with nothing to count says so and does not exit 0", () => {
  const { status, output } = demo("--from", "9", "--to", "1");
  expect(status).not.toBe(0);
  expect(output).toContain('to: found "1", expected a whole number, 9 or more');
});
