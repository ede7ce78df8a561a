// pg-boss on PostgreSQL, told of new jobs by LISTEN/NOTIFY: as it is shipped it looks every two seconds.
import { peerPackage } from "./packages.ts";
import type { Peer } from "./peer.ts";
import type { Postgres } from "./postgres.ts";
import { untilEmpty } from "./until-empty.ts";

interface PgBoss {
  on(event: "error", listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  createQueue(name: string, options: object): Promise<void>;
  send(name: string, data: object): Promise<unknown>;
  insert(name: string, jobs: readonly object[]): Promise<unknown>;
  work(name: string, options: object, handler: (jobs: unknown[]) => Promise<void>): Promise<string>;
  offWork(name: string, options: { id: string }): Promise<void>;
  deleteAllJobs(name: string): Promise<void>;
  stop(options: object): Promise<void>;
}

interface Package {
  PgBoss: new (options: object) => PgBoss;
}

const NAME = "bench";
const DATA = { payload: "x".repeat(100) };
const LEFT = "SELECT count(*) FROM pgboss.job WHERE state IN ('created', 'retry', 'active')";

export async function startPgBoss(postgres: Postgres): Promise<Peer> {
  const connection = await postgres.database("pgboss");
  const { PgBoss } = peerPackage<Package>("pg-boss");
  const boss = new PgBoss({ ...connection, max: 20, useListenNotify: true });
  boss.on("error", (error) => console.error(`pg-boss: ${error.message}`));
  await boss.start();
  await boss.createQueue(NAME, { notify: true });
  const pool = postgres.pool(connection, 1);
  return {
    name: "pg-boss",
    isSql: true,
    add: () => boss.send(NAME, DATA),
    addMany: (n) =>
      boss.insert(
        NAME,
        Array.from({ length: n }, () => ({ data: DATA })),
      ),
    worker: async (concurrency, handler) => {
      let id = "";
      const options = { batchSize: concurrency, burstWhenBatchFull: true };
      const work = async (jobs: unknown[]) => void (await Promise.all(jobs.map(() => handler())));
      return {
        start: async () => {
          id = await boss.work(NAME, options, work);
        },
        stop: () => boss.offWork(NAME, { id }),
      };
    },
    settled: () => untilEmpty(pool, LEFT),
    cpu: postgres.cpu,
    clear: () => boss.deleteAllJobs(NAME),
    close: async () => {
      await pool.end();
      await boss.stop({ graceful: false });
    },
  };
}
