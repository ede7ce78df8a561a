// `npm run build`, its last part: the command as dist/cli.js and a chunk for each subcommand. What only the
// command needs (parsers of TOML, of JSON with comments, of TypeScript) is inside, so that a Worker does not
// install it; what the library needs too stays an import.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./server.ts";

const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

await build({
  entryPoints: [join(ROOT, "src/cli.ts")],
  outdir: join(ROOT, "dist"),
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
