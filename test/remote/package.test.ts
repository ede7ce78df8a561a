// `durable-taskqueue/client` as others build it: nothing but its own files in a bundle for a browser or for no platform
// at all, and types that need no platform's but fetch.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const BIN = join(ROOT, "node_modules/.bin");

describe("a bundle", () => {
  it.each(["browser", "neutral"] as const)(
    "for the platform %s is complete and small",
    async (platform) => {
      const { metafile, outputFiles } = await build({
        entryPoints: [join(ROOT, "src/remote/index.ts")],
        bundle: true,
        minify: true,
        format: "esm",
        target: "es2022",
        platform,
        write: false,
        metafile: true,
        absWorkingDir: ROOT,
      });
      const foreign = Object.keys(metafile.inputs).filter(
        (path) => !/^src\/(remote|core)\//.test(path),
      );
      expect(foreign).toEqual([]);
      const [output] = Object.values(metafile.outputs);
      expect(output?.imports).toEqual([]);
      expect(gzipSync(outputFiles[0]?.contents ?? "").byteLength).toBeLessThan(13 * 1024);
    },
  );
});

const CONSUMER = `
import {
  connect, NoAnswerError, PermanentTaskFailure, readTask, ResultError, TaskAlreadyExistsError, TaskQueueError,
} from "durable-taskqueue/client";
import type { NewTask, RemoteQueue, Task } from "durable-taskqueue/client";

interface Mail { to: string }
const queues = connect<{ mail: Mail; inbox: { invoice: number } }>({ url: "https://your.worker", token: "x", fetch });
const mail: RemoteQueue<Mail> = queues.get("mail");
export async function main(signal: AbortSignal): Promise<string> {
  const one: Task = await mail.add({ payload: { to: "you" }, countdown: 5 }, { signal, retries: 2 });
  const [first] = await mail.add([{ payload: { to: "you" } }], { atomic: true, idempotent: false });
  // @ts-expect-error a payload of another queue
  const wrong: NewTask<Mail> = { payload: { invoice: 1 } };
  // @ts-expect-error a queue that is not there
  queues.get("nowhere");
  const code: string = first?.error instanceof TaskAlreadyExistsError ? first.error.code : one.name;
  const worker = queues.get("inbox").work(async (task, { signal }) => {
    const invoice: number = task.payload.invoice;
    if (invoice < 0) throw new PermanentTaskFailure("no such invoice");
    await fetch("https://books.example", { signal });
  }, { concurrency: 4, leaseSeconds: 30, signal, onError: (error: unknown, task?: Task) => void [error, task] });
  await worker.stop();
  const done: Promise<void> = worker.finished;
  await done;
  for await (const { state } of queues.group("g").watch({ signal })) if (state === "failed") break;
  return code + String(wrong);
}
export async function handler(request: Request): Promise<Response> {
  const { payload, signal } = await readTask<Mail>(request);
  signal.throwIfAborted();
  return new Response(payload?.to ?? null);
}
export const known = (error: unknown) =>
  error instanceof TaskQueueError || error instanceof NoAnswerError || error instanceof ResultError;
`;

const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  skipLibCheck: false,
  noEmit: true,
  target: "ES2022",
};
const BUNDLER = { module: "ESNext", moduleResolution: "Bundler" };
const NODE = { module: "NodeNext", moduleResolution: "NodeNext" };

describe("the types", () => {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-types-"));
  const tsc = (...args: string[]) =>
    execFileSync(join(BIN, "tsc"), args, { cwd: dir, encoding: "utf8", stdio: "pipe" });

  beforeAll(() => {
    const own = join(dir, "node_modules/durable-taskqueue");
    mkdirSync(own, { recursive: true });
    symlinkSync(join(ROOT, "node_modules/@types"), join(dir, "node_modules/@types"));
    symlinkSync(join(ROOT, "node_modules/@cloudflare"), join(dir, "node_modules/@cloudflare"));
    symlinkSync(join(ROOT, "node_modules/undici-types"), join(dir, "node_modules/undici-types"));
    writeFileSync(join(own, "package.json"), readFileSync(join(ROOT, "package.json")));
    tsc("-p", join(ROOT, "tsconfig.build.json"), "--outDir", join(own, "dist"));
    writeFileSync(join(dir, "package.json"), '{"type": "module"}');
    writeFileSync(join(dir, "consumer.ts"), CONSUMER);
  }, 120_000);
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each<[string, object]>([
    ["a browser's, bundled", { ...BUNDLER, lib: ["ES2022", "DOM", "DOM.Iterable"], types: [] }],
    ["the newest browser's", { ...BUNDLER, lib: ["ESNext", "DOM"], types: [] }],
    ["Node's", { ...NODE, lib: ["ES2023"], types: ["node"] }],
    ["Node's, bundled", { ...BUNDLER, lib: ["ES2023"], types: ["node"] }],
    ["Node's beside a browser's", { ...NODE, lib: ["ES2023", "DOM"], types: ["node"] }],
    ["a Worker's", { ...BUNDLER, lib: ["ES2024"], types: ["@cloudflare/workers-types"] }],
  ])("compile with %s", (name, options) => {
    const config = join(dir, `tsconfig.${name.replace(/\W/g, "")}.json`);
    const compilerOptions = { ...STRICT, ...options };
    writeFileSync(config, JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    let said = "";
    try {
      said = tsc("-p", config);
    } catch (error) {
      said = String((error as { stdout?: string }).stdout);
    }
    expect(said).toBe("");
  });
});
