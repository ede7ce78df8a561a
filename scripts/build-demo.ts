// `npm run build:demo`: wrangler's build step.
import { buildDemo } from "./demo-build.ts";

if (!(await buildDemo())) process.exitCode = 1;
