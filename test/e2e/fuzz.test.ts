// A short form of `npm run fuzz`, of a fixed seed: docs/reliability.md says what is tried.
import { expect, it } from "vitest";
import { checkByCommand } from "../../fuzz/check-command.ts";
import { type TrialReport, tryOpen, tryRefused, tryWorkerd } from "../../fuzz/trial.ts";
import { MAX_READ_MS, readYamlFiles } from "../../fuzz/yaml.ts";

const SEED = "1";

/** What is wrong, in words that name the request. */
function wrong({ tally, faults }: TrialReport): string[] {
  return [...faults, ...tally.findings.map(({ mark, fault, got }) => `${mark}: ${fault}: ${got}`)];
}

it("3,000 hostile requests: each is answered as the documents say", async () => {
  const report = await tryWorkerd({ seed: SEED, requests: 3000 });
  expect(wrong(report)).toEqual([]);
  const { tally } = report;
  expect([tally.requests, tally.hangs]).toEqual([3000, 0]);
  const ours = [...tally.statuses.keys()];
  expect(ours.filter((status) => status >= 500 && status !== 501)).toEqual([]);
  // The seed reaches what is behind the door, and in front of it.
  for (const status of [200, 201, 400, 401, 403, 404, 409]) expect(ours).toContain(status);
});

it("500 requests to a server without a token: loopback alone is served", async () => {
  const report = await tryOpen({ seed: SEED, requests: 500 });
  expect(wrong(report)).toEqual([]);
  expect([...report.tally.statuses.keys()]).toContain(401);
});

it("400 requests one by one: what is refused leaves nothing", async () => {
  expect(wrong(await tryRefused({ seed: SEED, requests: 400 }))).toEqual([]);
});

it("8,000 changed configuration files: each is read, or refused with its places", async () => {
  const { findings, slowest } = await readYamlFiles(SEED, 8000);
  expect(findings).toEqual([]);
  expect(slowest.ms).toBeLessThan(MAX_READ_MS);
  expect(await checkByCommand(SEED, 5)).toEqual([]);
});
