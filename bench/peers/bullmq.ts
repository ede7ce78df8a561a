// BullMQ on Redis, which writes its log to disk each second or before each answer.
import { mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuOfProcess } from "../cpu.ts";
import { leaveNothing } from "../leftovers.ts";
import { peerPackage } from "./packages.ts";
import type { Absent, Peer } from "./peer.ts";
import { endServer, freePort, programOf, startServer } from "./server.ts";

interface Options {
  connection: object;
  [name: string]: unknown;
}

interface BullMq {
  Queue: new (
    name: string,
    options: Options,
  ) => {
    add(name: string, data: object): Promise<unknown>;
    addBulk(jobs: readonly object[]): Promise<unknown>;
    getJobCounts(...states: string[]): Promise<Record<string, number>>;
    obliterate(options: { force: boolean }): Promise<unknown>;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
  Worker: new (
    name: string,
    handler: () => Promise<void> | void,
    options: Options,
  ) => {
    on(event: "error", listener: (error: Error) => void): void;
    waitUntilReady(): Promise<unknown>;
    run(): Promise<void>;
    close(): Promise<void>;
  };
}

const NAME = "bench";
const POLL_MS = 2;

export type Fsync = "everysec" | "always";

export async function startBullMq(fsync: Fsync): Promise<Peer | Absent> {
  const name = `BullMQ, Redis ${fsync}`;
  const program = programOf("redis-server");
  if (program === undefined) return { name, lacks: "redis-server; apt-get install redis-server" };
  const [dir, port] = [mkdtempSync(join(tmpdir(), "taskqueue-redis-")), await freePort()];
  const log = ["--appendonly", "yes", "--appendfsync", fsync, "--save", ""];
  const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", dir, ...log];
  const server = await startServer(program, args, () => isListening(port));
  leaveNothing(server, dir);
  const { Queue, Worker } = peerPackage<BullMq>("bullmq");
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };
  const queue = new Queue(NAME, { connection, defaultJobOptions });
  await queue.waitUntilReady();
  const job = { name: "noop", data: { payload: "x".repeat(100) } };
  return {
    name,
    add: () => queue.add(job.name, job.data),
    addMany: (n) => queue.addBulk(Array.from({ length: n }, () => job)),
    worker: async (concurrency, handler) => {
      const worker = new Worker(NAME, async () => handler(), {
        connection,
        concurrency,
        autorun: false,
      });
      worker.on("error", (error) => console.error(`${name}: ${error.message}`));
      await worker.waitUntilReady();
      // Its promise ends with the worker.
      return { start: () => void worker.run(), stop: () => worker.close() };
    },
    settled: async () => {
      const left = async () => Object.values(await queue.getJobCounts("active", "waiting", "wait"));
      while ((await left()).some((count) => count > 0)) await pause();
    },
    cpu: () => cpuOfProcess(server.pid as number),
    clear: () => queue.obliterate({ force: true }),
    close: async () => {
      await queue.close();
      await endServer(server, "SIGTERM");
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
