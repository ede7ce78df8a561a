// A module bundled as wrangler bundles a Worker for deploy: not minified, and functions keep their names.
import { type BuildOptions, build } from "esbuild";
import { ROOT } from "./server.ts";

/** What every bundle of a Worker has: what the runtime brings stays outside, and queue.yaml is text. */
export const OF_WORKERS = {
  ...{ bundle: true, format: "esm", target: "es2024", logLevel: "warning" },
  ...{ conditions: ["workerd", "worker", "browser"], external: ["cloudflare:*"] },
  loader: { ".yaml": "text" },
} as const satisfies BuildOptions;

/** `source` is the text of a module that lies at the root. */
export async function bundleOf(source: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    ...OF_WORKERS,
    stdin: { contents: source, resolveDir: ROOT },
    ...{ write: false, keepNames: true },
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}
