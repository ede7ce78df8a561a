// The short form of `npm run chaos`: one seed, a few kills.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { quietEnv, ROOT } from "../../scripts/server.ts";

const run = promisify(execFile);

const NO_FAULTS = {
  ...{ lost: [], unexpected: [], "duplicates without a reason": [], "names twice": [] },
  ...{ bound: [], "in flight": [], "cut off early": [], invalid: [], groups: [] },
  ...{ "bound of a key": [], "in flight of a key": [], "order of a key": [] },
  ...{ "bound of a key's leases": [], "leases of a key at once": [] },
  "order of a key's leases": [],
  ...{ "leased together": [], "leased when acknowledged": [], "stale leases": [] },
  ...{ "cron twice": [], "cron missing": [], "recovery late": [] },
  ...{ "bound of a shared limit": [], "in flight of a shared limit": [] },
  ...{ "no end": [], "two ends": [], "expired though it ran": [], "expired uncounted": [] },
};

async function chaos(...more: string[]) {
  const args = [join(ROOT, "chaos", "run.ts"), "--kills", "6", "--seed", "7", "--json", ...more];
  const { stdout } = await run("node", args, { cwd: ROOT, env: quietEnv() }).catch(
    (error) => error,
  );
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

it("killed six times, every task of every kind is accounted for", async () => {
  const { faults, ...figures } = await chaos();
  expect(faults).toEqual(NO_FAULTS);
  expect(figures.executions).toBeGreaterThan(100);
  // Each kind has happened.
  for (const kind of [
    ...["recovered", "duplicatesCutOff", "duplicatesPastDeadline", "lateAnswers", "redriven"],
    ...["clockJumps", "leases", "staleLeasesTried", "cronTasks", "keyed", "together"],
  ]) {
    expect(figures[kind], kind).toBeGreaterThan(0);
  }
});

it("and so it is where queues have two shards, then eight, then three", async () => {
  const { faults, ...figures } = await chaos("--shards", "2,8,3");
  expect(faults).toEqual(NO_FAULTS);
  expect(figures.executions).toBeGreaterThan(100);
});
