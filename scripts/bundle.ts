// A module bundled as wrangler bundles a Worker for deploy: not minified, and functions keep their names.
import { build } from "esbuild";
import { ROOT } from "./server.ts";

/** `source` is the text of a module that lies at the root. */
export async function bundleOf(source: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: ROOT },
    ...{ bundle: true, write: false, format: "esm", target: "es2024", keepNames: true },
    ...{ conditions: ["workerd", "worker", "browser"], external: ["cloudflare:*"] },
    loader: { ".yaml": "text" },
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}
