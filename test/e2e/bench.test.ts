// The short form of `npm run bench`: every part works and says what it measures. Speeds are left to the full form.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { ROOT } from "../../scripts/server.ts";

const TITLES = [
  "Full life of",
  "Add to handler on an idle queue",
  "500/s with a bucket of 5",
  "100 keys with 1 to 1000 tasks",
  "Dispatch and start beside many waiting tasks",
  "What others wait beside",
  "10,000 tasks moved by the command",
  "A task's whole life; list prices of",
  "Rows an object writes once",
];

it("measures everything there is without other servers, and prints it in Markdown", async () => {
  const args = ["bench/run.ts", "--short", "--markdown"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  for (const title of TITLES) expect(stdout).toContain(`**${title}`);
  // A figure that could not be measured is none.
  expect(stdout).not.toMatch(/NaN|Infinity|undefined/);
  // Of what does not depend on the machine, the bound is strict.
  expect(stdout).toContain("| starts over the bound | at most 0 | 0 | held |");
  expect(stdout).toMatch(
    /\| memory of the command, most \| at most 200 MB \| [\d.]+ MB \| held \|/,
  );
  expect(stdout).toContain("| tasks of the copy as exported | at least 10000 | 10000 | held |");
  expect(stdout).toContain("| tasks the second import added | at most 0 | 0 | held |");
  expect(stdout).toMatch(/^\d+ of \d+ bars held$/m);
});

it("names the parts there are to one that asks for another", async () => {
  const args = ["bench/run.ts", "--only", "speed"];
  const failed = promisify(execFile)(process.execPath, args, { cwd: ROOT });
  await expect(failed).rejects.toMatchObject({
    stderr: expect.stringContaining("--only: found speed, expected of life, latency, rate"),
  });
});
