import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";
import { oneModule } from "./test/support/one-module.ts";
import { EXCEPTIONS } from "./test/support/sharded-exceptions.ts";

const sharded = process.env.SHARDED ?? "some";
/** How many times as many random histories are gone through. */
const HISTORIES = process.env.HISTORIES ?? "1";

/** What runs with queues of four shards each time: a file for each thing that is done otherwise there, without faults. */
const SHARDED_ALWAYS = [
  "test/objects/queue/{control,dead-letter,names,operations,results}.test.ts",
  "test/objects/queue/inspect/{queries,search,statistics}.test.ts",
  "test/objects/cron/cron.test.ts",
  "test/client/elsewhere.test.ts",
  "test/http/native/api.test.ts",
];

/** Without what has queues of several shards anyway. */
const SHARDED_ALL = [
  "test/{client,http,service}/**/*.test.ts",
  "test/objects/*.test.ts",
  "test/objects/{cron,delivery,directory,egress,group,versions}/**/*.test.ts",
  "test/objects/queue/*.test.ts",
  "test/objects/queue/{dispatch,inspect,leasing}/**/*.test.ts",
];

/** What tells how long something took on the real clock, or how often it came in a second: with less beside it. */
const TIMED = [
  "test/e2e/{answers,chaos,cloud-tasks-dispatch,fuzz,gone,overload,recurring,targets}.test.ts",
  "test/e2e/metrics/prometheus.test.ts",
];

const IMPORTED_ONCE = "./test/support/imported-once.ts";

/** Servers are started, killed and started again, on a machine that may be several times slower. */
const OF_SERVERS = {
  globalSetup: "./test/e2e/packed.ts",
  testTimeout: 300_000,
  hookTimeout: 300_000,
};

// Houses for tests: `core` runs in Node in milliseconds, `workers` inside workerd through the front
// door with a clock the tests move, `e2e` and `e2e-timed` start the server as a user has it.
export default defineConfig({
  test: {
    reporters: ["default", "./test/support/summary-reporter.ts"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "core",
          sequence: { groupOrder: 0 },
          // Without it one core is left unused.
          maxWorkers: 2,
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
        plugins: [
          oneModule(),
          cloudflareTest({
            wrangler: { configPath: "./test/support/wrangler.toml" },
            miniflare: { bindings: { HISTORIES } },
          }),
        ],
        test: {
          name: "workers",
          sequence: { groupOrder: 1 },
          // Each file has a workerd of its own, which waits for timers and its disk half of the time.
          maxWorkers: 3,
          include: [
            "test/objects/**/*.test.ts",
            "test/client/**/*.test.ts",
            "test/http/**/*.test.ts",
            "test/service/**/*.test.ts",
            "test/testing/**/*.test.ts",
          ],
          setupFiles: [IMPORTED_ONCE],
          globalSetup: "./test/support/outside.ts",
          // Much time passes in some, and a machine may be busy.
          testTimeout: 60_000,
        },
      },
      {
        // The same front door, each queue of queue.yaml with four shards. `SHARDED=all` has all of it, `SHARDED=exceptions`
        // what is listed as an exception, tried.
        plugins: [
          oneModule(),
          cloudflareTest({
            wrangler: { configPath: "./test/support/wrangler.toml" },
            miniflare: { bindings: { SHARDS: "4", SHARDED: sharded, HISTORIES } },
          }),
        ],
        test: {
          name: "sharded",
          sequence: { groupOrder: 1 },
          maxWorkers: 3,
          include: sharded === "some" ? SHARDED_ALWAYS : SHARDED_ALL,
          exclude: EXCEPTIONS.filter(({ test }) => !test).map(({ file }) => `test/${file}.test.ts`),
          setupFiles: [IMPORTED_ONCE, "./test/support/sharded-setup.ts"],
          globalSetup: "./test/support/outside.ts",
          // With a fault at each step, of four objects.
          testTimeout: sharded === "some" ? 60_000 : 300_000,
        },
      },
      {
        test: {
          name: "e2e",
          sequence: { groupOrder: 2 },
          // They wait more than they work: two of them use half of two cores.
          maxWorkers: 3,
          include: ["test/e2e/**/*.test.ts"],
          exclude: TIMED,
          ...OF_SERVERS,
        },
      },
      {
        test: {
          name: "e2e-timed",
          sequence: { groupOrder: 3 },
          maxWorkers: 2,
          include: TIMED,
          ...OF_SERVERS,
        },
      },
    ],
  },
});
