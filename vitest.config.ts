import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Three houses for tests: `core` runs in Node in milliseconds, `workers` inside workerd through the front
// door with a clock the tests move, `e2e` starts the server as a user has it.
export default defineConfig({
  test: {
    reporters: ["default", "./test/support/summary-reporter.ts"],
    projects: [
      {
        test: {
          name: "core",
          sequence: { groupOrder: 0 },
          include: [
            "test/core/**/*.test.ts",
            "test/store/**/*.test.ts",
            "test/console/**/*.test.ts",
            "test/remote/**/*.test.ts",
            "test/model/**/*.test.ts",
            "test/cli/**/*.test.ts",
            "test/*.test.ts",
          ],
          // Properties run thousands of cases, and a machine may be busy.
          testTimeout: 30_000,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/support/wrangler.toml" } })],
        test: {
          name: "workers",
          sequence: { groupOrder: 1 },
          // Each file has a workerd of its own.
          maxWorkers: 2,
          include: [
            "test/objects/**/*.test.ts",
            "test/client/**/*.test.ts",
            "test/http/**/*.test.ts",
            "test/service/**/*.test.ts",
            "test/testing/**/*.test.ts",
          ],
          globalSetup: "./test/support/outside.ts",
          testTimeout: 30_000,
        },
      },
      {
        // The same front door, each queue of four shards; not part of every run.
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./test/support/wrangler.toml" },
            miniflare: { bindings: { SHARDS: "4" } },
          }),
        ],
        test: {
          name: "sharded",
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          include: process.env.SHARDED ? ["test/{client,http,objects,service}/**/*.test.ts"] : [],
          globalSetup: "./test/support/outside.ts",
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          sequence: { groupOrder: 2 },
          // They wait more than they work: each starts, kills and restarts servers of its own.
          maxWorkers: 2,
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "./test/e2e/packed.ts",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
