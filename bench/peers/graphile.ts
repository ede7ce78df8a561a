// Graphile Worker on PostgreSQL, as it comes.
import { peerPackage } from "./packages.ts";
import type { Peer } from "./peer.ts";
import type { Postgres } from "./postgres.ts";
import { untilEmpty } from "./until-empty.ts";

interface Graphile {
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>;
    addJob(name: string, payload: object): Promise<unknown>;
    addJobs(jobs: readonly object[]): Promise<unknown>;
    release(): Promise<void>;
  }>;
  run(options: object): Promise<{ stop(): Promise<void> }>;
  Logger: new (factory: () => () => void) => object;
}

const JOB = { identifier: "noop", payload: { payload: "x".repeat(100) } };
const LEFT = "SELECT count(*) FROM graphile_worker._private_jobs";

export async function startGraphile(postgres: Postgres): Promise<Peer> {
  const { makeWorkerUtils, run, Logger } = peerPackage<Graphile>("graphile-worker");
  const pgPool = postgres.pool(await postgres.database("graphile"), 60);
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  return {
    name: "Graphile Worker",
    isSql: true,
    add: () => utils.addJob(JOB.identifier, JOB.payload),
    addMany: (n) => utils.addJobs(Array.from({ length: n }, () => JOB)),
    worker: async (concurrency, handler) => {
      let runner: { stop(): Promise<void> } | undefined;
      const taskList = { [JOB.identifier]: async () => handler() };
      const options = { pgPool, logger, concurrency, noHandleSignals: true, taskList };
      return {
        start: async () => {
          runner = await run(options);
        },
        stop: async () => runner?.stop(),
      };
    },
    settled: () => untilEmpty(pgPool, LEFT),
    cpu: postgres.cpu,
    clear: () => pgPool.query("TRUNCATE graphile_worker._private_jobs"),
    close: async () => {
      await utils.release();
      await pgPool.end();
    },
  };
}
