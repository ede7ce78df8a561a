// A Worker in workerd as it is, with nothing of wrangler in front.
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { onTestFinished } from "vitest";
import { ROOT } from "../../scripts/server.ts";

const CLASSES = ["TaskQueue", "TaskGroup", "TaskCron", "TaskDirectory", "TaskEgress"];

/** Its url; `source` is the text of a module that lies at the root. Ended when the test is over. */
export async function runtimeOf(source: string): Promise<URL> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: ROOT, loader: "ts" },
    ...{ absWorkingDir: ROOT, bundle: true, write: false, format: "esm", conditions: ["workerd"] },
    ...{ external: ["cloudflare:*"], loader: { ".yaml": "text" } },
  });
  // Its own form of options is still changing.
  const options = convertV4MiniflareOptions({
    ...{ modules: true, script: outputFiles[0]?.text ?? "" },
    compatibilityDate: "2026-08-06",
    compatibilityFlags: ["enable_request_signal"],
    durableObjects: Object.fromEntries(
      CLASSES.map((className) => [className, { className, useSQLite: true }]),
    ),
  });
  const runtime = new Miniflare(options);
  onTestFinished(() => runtime.dispose());
  return runtime.ready;
}
