// The command as one module, `cli.js`, and a chunk for each subcommand. What only the command needs (parsers of TOML, of
// JSON with comments, of TypeScript) is inside, so that a Worker does not install it; what the library needs too stays an
// import.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./server.ts";

/** Above `outdir` there has to be the package.json, whose version the command says. */
export async function bundleCli(outdir: string): Promise<void> {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  await build({
    entryPoints: [join(ROOT, "src/cli.ts")],
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: "cli/[name]-[hash]",
    minifySyntax: true,
    minifyWhitespace: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // The other form of jsonc-parser calls a `require` that a bundler cannot see through.
    mainFields: ["module", "main"],
    external: Object.keys(dependencies),
    // Commander requires Node's own modules, which no bundler turns into imports.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module";\nconst require = requireOf(import.meta.url);',
    },
    legalComments: "inline",
  });
}
