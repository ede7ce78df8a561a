// npm run overload: what one queue's trouble does to another queue, and to memory. `--only NAME` (as often as
// wanted) runs some of it, `--short` a fraction.
import { parseArgs } from "node:util";
import { DISTURBANCES } from "./disturbances/all.ts";
import { type Outcome, overload } from "./suite.ts";
import { type Fact, isFactMet, type Row } from "./verdict.ts";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: Object.keys(DISTURBANCES) },
    short: { type: "boolean", default: false },
    rounds: { type: "string" },
  },
});
const unknown = options.only.find((name) => !DISTURBANCES[name]);
if (unknown !== undefined) {
  console.error(`--only: found ${unknown}, expected ${Object.keys(DISTURBANCES).join(", ")}`);
  process.exit(2);
}
const size = options.short
  ? { isShort: true, rounds: Number(options.rounds ?? 2), sliceSeconds: 2 }
  : { isShort: false, rounds: Number(options.rounds ?? 5), sliceSeconds: 4 };

let missed = 0;
for (const name of options.only) {
  console.log(`\n${name}: ${DISTURBANCES[name]?.what}`);
  try {
    print(await overload(name, size));
  } catch (error) {
    missed++;
    console.log(`  FAILED: ${error instanceof Error ? error.message : error}`);
  }
}
console.log(missed === 0 ? "\nevery goal reached" : `\n${missed} goals MISSED`);
process.exitCode = missed === 0 ? 0 : 1;

function print({ rows, facts, memory, isMemoryBounded }: Outcome): void {
  for (const row of rows) console.log(`  ${rowText(row)}${verdict(row.isMet)}`);
  for (const fact of facts) console.log(`  ${factText(fact)}${verdict(isFactMet(fact))}`);
  const [before, peak, after] = [memory.before, memory.peak, memory.after].map(megabytes);
  const bounded = verdict(isMemoryBounded);
  console.log(`  memory MB: before ${before}, peak ${peak}, after ${after}${bounded}`);
}

function rowText({ kind, p50, p99, ratio, controlRatio, noise }: Row): string {
  const pair = (at: Row["p99"]) => `${at.quiet.toFixed(1)} -> ${at.disturbed.toFixed(1)}`;
  const control = Number.isNaN(controlRatio) ? "" : `, generator alone ${controlRatio.toFixed(2)}`;
  const noisy = `quiet slices differ by ${noise.toFixed(2)}`;
  return `${kind.padEnd(6)}p50 ${pair(p50)} ms, p99 ${pair(p99)} ms: ${ratio.toFixed(2)}${control}, ${noisy}`;
}

function factText({ what, value, unit, most }: Fact): string {
  const goal = most === undefined ? "" : ` (at most ${most})`;
  return `${what}: ${unit === "ms" ? value.toFixed(0) : value} ${unit}${goal}`.trimEnd();
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

function verdict(isMet: boolean): string {
  if (isMet) return "";
  missed++;
  return "  MISSED";
}
