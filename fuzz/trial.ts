// One server, tried: the requests, what they left behind, and what the server itself says at the end.
import { type Campaign, newTally, send, type Tally, tidy } from "./campaign.ts";
import { listen } from "./canary.ts";
import { compareFiles } from "./refused.ts";
import { Memory } from "./seen.ts";
import { type Local, startLocal, type Tried } from "./server.ts";

export interface TrialReport {
  name: string;
  tally: Tally;
  seconds: number;
  /** Beside those of single requests. */
  faults: string[];
  /** What there is to say beside the counts. */
  notes: string[];
}

export interface TrialOptions {
  seed: string;
  requests: number;
  atOnce?: number;
  onlyHttp?: boolean;
  isOpen?: boolean;
}

/** Requests between two times that what they stored is taken away. */
const TIDY_EVERY = 5000;
/** A server takes that many to come to its size; they are sent before, where there are enough to measure it by. */
const WARM_UP = 80_000;
const MEASURED = 50_000;
const AT_ONCE = 32;

/** The mass: requests side by side on workerd itself, which is measured. */
export async function tryWorkerd(options: TrialOptions): Promise<TrialReport> {
  const server = await startLocal();
  try {
    if (options.requests >= MEASURED) await warmUp(server, options.seed);
    const sizes: Size[] = [];
    const measure = async () => {
      sizes.push(await sizeOf(server));
    };
    const report = await tryServer("workerd", server, options, measure);
    const growth = growthIn(sizes);
    return {
      ...report,
      faults: [...report.faults, ...growth.faults],
      notes: [...report.notes, ...growth.notes],
    };
  } finally {
    await server.stop();
  }
}

/** A server as `npm start` is without a setting: no token, loopback alone. */
export async function tryOpen({ seed, requests }: TrialOptions): Promise<TrialReport> {
  const server = await startLocal({});
  try {
    return await tryServer("no token", server, { seed: `${seed}-open`, requests, isOpen: true });
  } finally {
    await server.stop();
  }
}

async function warmUp(server: Local, seed: string): Promise<void> {
  const campaign = campaignOn(server, `${seed}-warm`, 1);
  await send(campaign, 0, WARM_UP, AT_ONCE);
  await tidy(server.url);
}

/** Any server, of which only the answers are looked at, and what it wrote. */
export async function tryServer(
  name: string,
  server: Tried,
  { seed, requests, atOnce = AT_ONCE, ...kind }: TrialOptions,
  measure: () => Promise<void> = async () => {},
): Promise<TrialReport> {
  const canary = await listen();
  const campaign = { ...campaignOn(server, seed, canary.port), ...kind };
  const begun = performance.now();
  for (let sent = 0; sent < requests; ) {
    const next = Math.min(requests, sent + TIDY_EVERY);
    await send(campaign, sent, next, atOnce);
    await tidy(server.url);
    await measure();
    sent = next;
  }
  const seconds = (performance.now() - begun) / 1000;
  const { runs, outside } = await seenBy(server.url);
  const calls = canary.calls();
  canary.close();
  const complaints = server.complaints();
  return {
    ...{ name, tally: campaign.tally, seconds },
    notes: [`${runs} tasks ran, ${outside.length} handlers from outside, ${calls} calls inside`],
    faults: [
      ...outside.map((what) => `came from outside: ${what}`),
      ...(calls > 0 ? [`an address inside was called ${calls} times`] : []),
      ...[...new Set(complaints)].slice(0, 10).map((line) => `it wrote: ${line.slice(0, 300)}`),
    ],
  };
}

/** Requests one after the other, and whether those that were refused left anything. */
export async function tryRefused({ seed, requests }: TrialOptions): Promise<TrialReport> {
  const server = await startLocal();
  try {
    const campaign = campaignOn(server, `${seed}-refused`, 1);
    const begun = performance.now();
    const compared = await compareFiles(campaign, server, requests);
    const seconds = (performance.now() - begun) / 1000;
    const notes = [`${compared} refused ones and looks compared, by the files of all objects`];
    return { name: "refused", tally: campaign.tally, seconds, faults: [], notes };
  } finally {
    await server.stop();
  }
}

export function campaignOn({ url }: Tried, seed: string, canaryPort: number): Campaign {
  return { url, seed, memory: new Memory(canaryPort), tally: newTally() };
}

async function seenBy(url: URL): Promise<{ runs: number; outside: string[] }> {
  const response = await fetch(new URL("/fuzz/seen", url));
  return (await response.json()) as { runs: number; outside: string[] };
}

export interface Size {
  memoryMiB: number;
  openFiles: number;
}

const REST_MS = 500;

async function sizeOf(server: Local): Promise<Size> {
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  return { memoryMiB: server.memoryMiB(), openFiles: server.openFiles() };
}

/** How much of each may come on top: objects come and go, and each has files. */
const MORE = { memory: 1.1, files: 1.1, someFiles: 60 };

/** What has grown between the first third and the last, as the medians say; nothing, where there are too few. */
export function growthIn(sizes: readonly Size[]): { faults: string[]; notes: string[] } {
  const third = Math.floor(sizes.length / 3);
  if (third < 3) return { faults: [], notes: [] };
  const [first, last] = [sizes.slice(0, third), sizes.slice(-third)];
  const memory = [first, last].map((part) => medianOf(part.map((it) => it.memoryMiB)));
  const files = [first, last].map((part) => medianOf(part.map((it) => it.openFiles)));
  const [from = 0, to = 0] = memory;
  const [opened = 0, open = 0] = files;
  const saidOfMemory = `memory ${from.toFixed(0)} to ${to.toFixed(0)} MiB`;
  const saidOfFiles = `open files ${opened} to ${open}`;
  return {
    notes: [`${saidOfMemory}, ${saidOfFiles}`],
    faults: [
      ...(to > from * MORE.memory ? [`grown: ${saidOfMemory}`] : []),
      ...(open > opened * MORE.files + MORE.someFiles ? [`grown: ${saidOfFiles}`] : []),
    ],
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

export function isGood({ tally, faults }: TrialReport): boolean {
  return tally.findings.length === 0 && tally.hangs === 0 && faults.length === 0;
}
