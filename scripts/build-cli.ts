// `npm run build`, its last part: the command, into dist.
import { join } from "node:path";
import { bundleCli } from "./cli-bundle.ts";
import { ROOT } from "./server.ts";

await bundleCli(join(ROOT, "dist"));
