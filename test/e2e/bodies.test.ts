// Bodies that are too large, or that nobody reads, on a server as users start it: it answers, and goes on.
import { request } from "node:http";
import { expect, it } from "vitest";
import type { Server } from "../../scripts/server.ts";
import { runningServer, temporaryDir } from "./support.ts";

const MiB = 1024 * 1024;
const TOKEN = { authorization: "Bearer tok" };
const FORM = { "content-type": "application/x-www-form-urlencoded" };
const QUEUE = "/v2/projects/p/locations/l/queues/q";

/** Sends `size` bytes, announced or in chunks, and answers with the status. */
function post(
  server: Server,
  path: string,
  headers: Record<string, string>,
  size: number,
  isAnnounced: boolean,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const length = isAnnounced ? { "content-length": `${size}` } : {};
    const url = new URL(path, server.url);
    const outgoing = request(
      url,
      { method: "POST", headers: { ...headers, ...length } },
      (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode));
      },
    );
    outgoing.on("error", reject);
    const chunk = Buffer.alloc(65_536);
    const write = (left: number): void => {
      if (left <= 0) return void outgoing.end();
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      if (outgoing.write(part)) setImmediate(write, left - part.length);
      else outgoing.once("drain", () => write(left - part.length));
    };
    write(size);
  });
}

it("large bodies are refused by every door, and the server goes on", async () => {
  const command = ["wrangler", "dev", "--var", "TASKQUEUE_TOKEN:tok"];
  const server = await runningServer({ stateDir: temporaryDir(), command });
  const cases: [path: string, headers: Record<string, string>, size: number, status: number][] = [
    ["/_ah/api/queues/sub/tasks", {}, 90 * MiB, 401],
    [`${QUEUE}/tasks`, {}, 90 * MiB, 401],
    ["/_ah/console/login", FORM, 90 * MiB, 413],
    ["/_ah/api/queues/sub/tasks", TOKEN, 40 * MiB, 413],
    ["/_ah/api/queues/sub/tasks:delete", TOKEN, 40 * MiB, 413],
    [`${QUEUE}/tasks`, TOKEN, 40 * MiB, 400],
    [`${QUEUE}/tasks`, { ...TOKEN, ...FORM, "x-http-method-override": "GET" }, 40 * MiB, 400],
    // Nobody reads the body of these.
    ["/_ah/api/queues/sub:pause", TOKEN, 4 * MiB, 200],
    [`${QUEUE}:purge`, TOKEN, 4 * MiB, 404],
    ["/_ah/api/nothing", TOKEN, 4 * MiB, 400],
  ];
  for (const [path, headers, size, status] of cases) {
    for (const isAnnounced of [true, false]) {
      const answered = await post(server, path, headers, size, isAnnounced);
      expect([path, isAnnounced, answered]).toEqual([path, isAnnounced, status]);
    }
  }
  const together = Array.from({ length: 200 }, () =>
    post(server, "/_ah/api/queues/sub:resume", TOKEN, 100_000, true),
  );
  expect(new Set(await Promise.all(together))).toEqual(new Set([200]));
  expect((await server.fetch("/_ah/api/queues", { headers: TOKEN })).status).toBe(200);
});
