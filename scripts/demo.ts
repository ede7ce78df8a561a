// `npm run demo`: counts once, start to end, on a server of its own, and checks that nothing was lost.
// Options: npm run demo -- --from 1 --to 100 --parts 10
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Job, readJob } from "../src/demo/count.ts";
import { countOnce } from "./count-once.ts";
import { startServer } from "./server.ts";

const OPTIONS = {
  from: { type: "string", default: "1" },
  to: { type: "string", default: "100" },
  parts: { type: "string", default: "10" },
} as const;

process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));

const job = readJob(parseArgs({ options: OPTIONS }).values);
const problems = "problem" in job ? [job.problem] : await demo(job);
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? "Every number was counted, and once." : "The demo failed.");
process.exit(problems.length === 0 ? 0 : 1);

/** What went wrong, a line each. */
async function demo(job: Job): Promise<string[]> {
  const stateDir = mkdtempSync(join(tmpdir(), "taskqueue-demo-"));
  process.on("exit", () => rmSync(stateDir, { recursive: true, force: true }));
  try {
    const server = await startServer({ stateDir });
    return await countOnce(server, job).finally(() => server.stop());
  } catch (error) {
    return [`${error}`];
  }
}
