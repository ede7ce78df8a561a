// `npm run try`: every way to use the library, from nothing and outside the repository, as a new user goes it.
// `--only NAME` (as often as wanted) tries some. Exit 0 when all went.
import { parseArgs } from "node:util";
import { WAYS } from "./ways.ts";
import { Workshop } from "./workshop.ts";

const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const names = values.only ?? Object.keys(WAYS);
const unknown = names.find((name) => !Object.hasOwn(WAYS, name));
if (unknown !== undefined) {
  console.error(`--only: found "${unknown}", expected one of ${Object.keys(WAYS).join(", ")}`);
  process.exit(2);
}

const workshop = await Workshop.open();
try {
  for (const name of names) {
    const start = performance.now();
    const fault = await WAYS[name]?.go(workshop).then(
      () => undefined,
      (error: unknown) => error,
    );
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(
      `${fault === undefined ? "ok    " : "FAILED"} ${seconds.padStart(5)} s  ${WAYS[name]?.what}`,
    );
    if (fault === undefined) continue;
    console.error(fault instanceof Error ? fault.message : fault);
    process.exitCode = 1;
  }
} finally {
  workshop.close();
}
