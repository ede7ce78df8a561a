// Callers that go away in the middle of a wait, at a server as users start it. A socket that is closed says
// nothing to a local server; it learns of it by the bytes it writes.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { onWorkerd, type Server, startServer } from "../../scripts/server.ts";
import { runningServer, temporaryDir } from "./support.ts";

const WAIT = { leaseSeconds: 5, maxTasks: 1, waitSeconds: 60 };
const NOW = { leaseSeconds: 5, maxTasks: 1 };
/** Every second a client that waits is looked at, by one byte for each connection on the way. */
const FOUND_MS = 3000;

let server: Server;
let queues = 0;

beforeAll(async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "taskqueue-e2e-"));
  server = await startServer({ stateDir, command: onWorkerd() });
  return async () => {
    await server.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
});

interface Task {
  name: string;
  state: string;
  retryCount: number;
}

/** A pull queue of its own, that gives each task once. */
async function freshQueue(limit = 1): Promise<string> {
  const name = `gone-${queues++}`;
  const entry = { mode: "pull", retry_parameters: { task_retry_limit: limit } };
  await post(`/_ah/api/queues/${name}`, entry, "PUT");
  return name;
}

async function post<T>(path: string, body: object, method = "POST"): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const response = await server.fetch(path, { method, headers, body: JSON.stringify(body) });
  return (await response.json()) as T;
}

async function lease(queue: string, request: object = NOW): Promise<Task[]> {
  const path = `/_ah/api/queues/${queue}/tasks:lease`;
  return (await post<{ tasks: Task[] }>(path, request)).tasks;
}

function add(queue: string, name: string): Promise<Task> {
  return post(`/_ah/api/queues/${queue}/tasks`, { name, payload: "x" });
}

/** A request on a socket of its own, that is under way. */
async function open(method: string, path: string, body?: object): Promise<ClientRequest> {
  const headers = { "Content-Type": "application/json" };
  const request = httpRequest(new URL(path, server.url), { method, headers, agent: false });
  request.on("error", () => {});
  request.on("response", (response) => response.resume().on("error", () => {}));
  request.end(body && JSON.stringify(body));
  await pause(300);
  return request;
}

function openLease(queue: string, request: object = WAIT): Promise<ClientRequest> {
  return open("POST", `/_ah/api/queues/${queue}/tasks:lease`, request);
}

const HANG_UP: Record<string, (request: ClientRequest) => void> = {
  "closes its socket": (request) => request.destroy(),
  "resets its connection": (request) => request.socket?.resetAndDestroy(),
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe.each(Object.entries(HANG_UP))("a worker that waits and %s", (_, hangUp) => {
  it.concurrent.each([0, 5, 200, 1200, FOUND_MS])(
    "%i ms before a task comes leaves it to the next that asks, and that is its first lease",
    async (ms) => {
      const queue = await freshQueue();
      hangUp(await openLease(queue));
      await pause(ms);
      await add(queue, "b1");
      await pause(300);
      expect(await lease(queue)).toMatchObject([{ name: "b1", retryCount: 1 }]);
    },
  );

  it("in the same moment as a task comes leaves it likewise", async () => {
    const queue = await freshQueue();
    const gone = await openLease(queue);
    const adding = add(queue, "b1");
    hangUp(gone);
    await adding;
    await pause(300);
    // Answered first and gone then is a lease like any other.
    await lease(queue);
    const task = await server.json<Task>(`/_ah/api/queues/${queue}/tasks/b1`);
    expect(task).toMatchObject({ state: "leased", retryCount: 1 });
  });

  it("with nine others before one that lives holds it up for no lease", async () => {
    const queue = await freshQueue();
    const gone = await Promise.all(Array.from({ length: 10 }, () => openLease(queue)));
    const live = lease(queue, { ...WAIT, leaseSeconds: 60 });
    await pause(200);
    for (const each of gone) hangUp(each);
    const start = performance.now();
    await add(queue, "b1");
    expect(await live).toMatchObject([{ name: "b1", retryCount: 1 }]);
    expect(performance.now() - start).toBeLessThan(FOUND_MS);
  });
});

describe("a worker that waits by fetch, which asks for packed answers, and gives up", () => {
  it.concurrent.each(["gzip, deflate, br", "br", "gzip;q=1.0, *;q=0", "identity, gzip"])(
    "leaves a task to the next that asks: %s",
    async (accepted) => {
      const queue = await freshQueue();
      const controller = new AbortController();
      const headers = { "Accept-Encoding": accepted, "Content-Type": "application/json" };
      const gone = server.fetch(`/_ah/api/queues/${queue}/tasks:lease`, {
        ...{ method: "POST", headers, body: JSON.stringify(WAIT), signal: controller.signal },
      });
      const read = gone.then((response) => response.text()).catch(() => {});
      await pause(300);
      controller.abort();
      await read;
      await pause(FOUND_MS);
      await add(queue, "b1");
      await pause(300);
      expect(await lease(queue)).toMatchObject([{ name: "b1", retryCount: 1 }]);
    },
  );
});

it("200 workers that are gone leave none behind: a live one has its task within milliseconds", async () => {
  const queue = await freshQueue();
  const gone = await Promise.all(Array.from({ length: 200 }, () => openLease(queue)));
  for (const each of gone) each.destroy();
  await pause(2 * FOUND_MS);
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const live = lease(queue, { ...WAIT, leaseSeconds: 60 });
    await pause(100);
    const start = performance.now();
    await add(queue, `b${i}`);
    expect(await live).toMatchObject([{ name: `b${i}`, retryCount: 1 }]);
    times.push(performance.now() - start);
  }
  const [p50 = 0] = times.sort((a, b) => a - b).slice(4);
  expect(p50).toBeLessThan(150);
});

it("curl that gives up after a second: the task is the live worker's, and then has had its one lease", async () => {
  const queue = await freshQueue();
  const url = `${server.url}/_ah/api/queues/${queue}/tasks:lease`;
  const args = ["-s", "-m", "1", "-H", "content-type: application/json", url];
  expect(() => execFileSync("curl", ["-d", JSON.stringify(WAIT), ...args])).toThrow();
  await pause(3000);
  await add(queue, "b1");
  await pause(300);
  expect(await lease(queue)).toMatchObject([{ name: "b1", retryCount: 1 }]);
  await pause(5500);
  expect(await lease(queue)).toEqual([]);
  const task = await server.json<Task>(`/_ah/api/queues/${queue}/tasks/b1`);
  expect(task).toMatchObject({ state: "failed", retryCount: 1 });
});

it("a worker that waits and lives gets JSON, with spaces in front of it", async () => {
  const queue = await freshQueue();
  const path = `/_ah/api/queues/${queue}/tasks:lease`;
  const body = JSON.stringify({ ...WAIT, waitSeconds: 3 });
  const response = await server.fetch(path, { method: "POST", body });
  expect(response.headers.get("Content-Type")).toBe("application/json");
  const text = await response.text();
  expect(text).toMatch(/^ +\{"tasks":\[\]\}\n$/);
});

it.each(["/_ah/api/events", "/_ah/api/groups/%/events"])(
  "fifty readers of %s that hang up leave the server as it was",
  async (path) => {
    const queue = await freshQueue();
    const tasks = [{ queue, payload: "x" }];
    await post("/_ah/api/groups", { name: queue, tasks });
    const readers = await Promise.all(
      Array.from({ length: 50 }, () => open("GET", path.replace("%", queue))),
    );
    for (const reader of readers) reader.destroy();
    await pause(200);
    const held = await lease(queue);
    expect(held).toMatchObject([{ retryCount: 1 }]);
    await post(`/_ah/api/queues/${queue}/tasks:ack`, { leases: held });
    const group = await server.json<{ state: string }>(`/_ah/api/groups/${queue}`);
    expect(["running", "done"]).toContain(group.state);
  },
);

it("a server that is killed while workers wait has the tasks that came, and gives them once", async () => {
  const stateDir = temporaryDir();
  const before = server;
  try {
    server = await startServer({ stateDir, command: onWorkerd() });
    const queue = await freshQueue();
    const gone = await openLease(queue);
    await add(queue, "b0");
    await pause(100);
    gone.destroy();
    await openLease(queue);
    await server.kill();
    server = await runningServer({ stateDir, command: onWorkerd() });
    await add(queue, "b1");
    const start = performance.now();
    expect(await lease(queue, WAIT)).toMatchObject([{ name: "b1", retryCount: 1 }]);
    expect(performance.now() - start).toBeLessThan(FOUND_MS);
  } finally {
    server = before;
  }
});
