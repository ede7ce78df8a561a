// npm run fuzz: seeded requests to a real server and changed configuration files, each answer checked.
// docs/reliability.md says what is tried and how to make one request again.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Finding, sendOne } from "./campaign.ts";
import { checkByCommand } from "./check-command.ts";
import { faultsOf } from "./checks.ts";
import { Connection } from "./connection.ts";
import { bytesOf, requestAt } from "./requests.ts";
import { startLocal, startWrangler, type Tried } from "./server.ts";
import { shrunk } from "./shrink.ts";
import {
  campaignOn,
  isGood,
  type TrialReport,
  tryOpen,
  tryRefused,
  tryServer,
  tryWorkerd,
} from "./trial.ts";
import { MAX_READ_MS, readYamlFiles } from "./yaml.ts";

const { values: options } = parseArgs({
  options: {
    requests: { type: "string", default: "20000" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
    /** One request alone: made, shown and sent. */
    only: { type: "string" },
    /** A server that runs already, with the tokens of credentials.ts. */
    url: { type: "string" },
    port: { type: "string" },
  },
});

const { seed } = options;
const requests = Number(options.requests);
const running = options.url ?? (options.port && `http://127.0.0.1:${options.port}`);

/** Of all requests: how many are sent one after the other, without a token, through wrangler, and files. */
const SHARES = { refused: 0.05, open: 0.05, wrangler: 0.05, commands: 0.0005 };
/** Of what was found: how many of a kind are printed, and how much of each. */
const SHOWN = { each: 3, bytes: 1500 };

process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
console.log(`seed ${seed}`);
process.exitCode = (await main()) ? 0 : 1;

function main(): Promise<boolean> {
  if (options.only !== undefined) return showOne(Number(options.only));
  return running ? tryRunning(new URL(running)) : tryAll();
}

function tryRunning(url: URL): Promise<boolean> {
  const server: Tried = { url, complaints: () => [], stop: async () => {} };
  return reported(tryServer(`${url.origin}`, server, { seed, requests }));
}

async function tryAll(): Promise<boolean> {
  const good = [
    await tryYaml(),
    await reported(tryRefused({ seed, requests: Math.ceil(requests * SHARES.refused) })),
    await reported(tryWorkerd({ seed, requests })),
    await reported(tryOpen({ seed, requests: Math.ceil(requests * SHARES.open) })),
    await reported(tryWrangler()),
  ];
  console.log(good.every(Boolean) ? "\nnothing found" : "\nfound, above");
  return good.every(Boolean);
}

async function tryWrangler(): Promise<TrialReport> {
  const stateDir = mkdtempSync(join(tmpdir(), "taskqueue-fuzz-"));
  const server = await startWrangler(stateDir);
  try {
    const share = { seed: `${seed}-wrangler`, requests: Math.ceil(requests * SHARES.wrangler) };
    // wrangler ends at a body that breaks off, whatever Worker is behind it.
    return await tryServer("wrangler dev", server, { ...share, atOnce: 16, onlyHttp: true });
  } finally {
    await server.stop();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

async function tryYaml(): Promise<boolean> {
  const begun = performance.now();
  const { findings, slowest, heap } = await readYamlFiles(seed, requests);
  const commands = Math.ceil(requests * SHARES.commands);
  const said = await checkByCommand(seed, commands);
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  const [warm, end] = heap.map((it) => it.toFixed(1));
  const cpu = `slowest ${slowest.ms.toFixed(0)} ms of CPU (file ${slowest.index})`;
  console.log(`\nyaml: ${requests} files in ${seconds} s, ${commands} of them by the command`);
  console.log(`  ${cpu}, heap ${warm} to ${end} MiB, ${findings.length + said.length} faults`);
  for (const { index, fault } of findings.slice(0, 20)) console.log(`  file ${index}: ${fault}`);
  for (const fault of said.slice(0, 20)) console.log(`  command: ${fault}`);
  const isFlat = heap[1] <= heap[0] * 1.1 + 2;
  return findings.length + said.length === 0 && slowest.ms < MAX_READ_MS && isFlat;
}

async function reported(trial: Promise<TrialReport>): Promise<boolean> {
  const report = await trial;
  const { name, tally, seconds, faults, notes } = report;
  const { requests: sent, statuses, runtimes, ends, slowest, hangs, findings } = tally;
  console.log(`\n${name}: ${sent} requests in ${seconds.toFixed(0)} s`);
  console.log(`  answers by the Worker: ${counts(statuses)}`);
  console.log(`  by the runtime, to what is no HTTP: ${counts(runtimes)}`);
  console.log(`  ends: ${counts(ends)}; hangs: ${hangs}`);
  console.log(`  slowest ${slowest.ms.toFixed(0)} ms (${slowest.mark})`);
  for (const note of notes) console.log(`  ${note}`);
  for (const fault of faults) console.log(`  FAULT ${fault}`);
  printFindings(findings);
  return isGood(report);
}

function counts(map: ReadonlyMap<unknown, number>): string {
  const sorted = [...map].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return sorted.map(([key, count]) => `${key} x ${count}`).join(", ") || "none";
}

function printFindings(findings: readonly Finding[]): void {
  for (const [fault, list] of Map.groupBy(findings, (it) => it.fault)) {
    console.log(`  FAULT ${fault}: ${list.length} times`);
    for (const { mark, sent, got } of list.slice(0, SHOWN.each)) {
      const [of, index] = mark.split("/");
      console.log(`    npm run fuzz -- --seed ${of} --only ${index}`);
      console.log(`      sent ${visible(sent)}\n      got  ${JSON.stringify(got.slice(0, 500))}`);
    }
  }
}

function visible(bytes: Buffer): string {
  return JSON.stringify(bytes.toString("latin1", 0, SHOWN.bytes));
}

/** Makes one request, shows it, sends it, and makes it smaller where its answer is wrong. */
async function showOne(index: number): Promise<boolean> {
  const server = running ? undefined : await startLocal();
  try {
    const url = server?.url ?? new URL(`${running}`);
    const tried = { url, complaints: () => [], stop: async () => {} };
    const campaign = campaignOn(tried, seed, 1);
    const request = requestAt(seed, index);
    console.log(`sent ${visible(bytesOf(request))}`);
    const connection = new Connection(url);
    const outcome = await sendOne(campaign, connection, request);
    connection.close();
    for (const { status, body } of outcome.answers) {
      console.log(`got  ${status} ${body.toString("utf8", 0, 2000)}`);
    }
    const [fault] = faultsOf(request, outcome);
    console.log(`${outcome.end}; ${fault ?? "as it should be"}`);
    if (fault === undefined) return true;
    console.log(`smaller: ${visible(bytesOf(await shrunk(campaign, request, fault)))}`);
    return false;
  } finally {
    await server?.stop();
  }
}
