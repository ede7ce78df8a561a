// Queues with something going on, for the console to show: counts under way, a backlog, a paused queue, tasks that
// failed, leases, a mixture of times.
import type { Server } from "./server.ts";

const QUEUES = "/_ah/api/queues";

/** A task that waits for its third attempt, and one that failed for good. */
export const RETRYING = "invoice-2041";
export const FAILED = "invoice-1987";
/** One that its queue, which is paused, did not start in time. */
export const EXPIRED = "reminder-1";

/** The queues beside those of the demo's queue.yaml. */
export async function defineQueues(server: Server): Promise<void> {
  await define(server, "mail", { rate: "4/s", bucket_size: 10, max_concurrent_requests: 8 });
  await define(server, "invoices", {
    ...{ rate: "20/s", bucket_size: 5 },
    extensions: {
      keys: {
        ...{ rate: "30/m", bucket_size: 2, max_concurrent_requests: 2 },
        per_key: { "free-*": { rate: "1/m", max_concurrent_requests: 1, weight: 0.5 } },
      },
    },
  });
  await define(server, "reports", {
    ...{ rate: "30/m", bucket_size: 5 },
    extensions: {
      alerts: [
        { oldest_due_older_than: "5s", task: { queue: "default" } },
        { failed: { more_than: 100, in: "1h" }, send: "https://ops.example.invalid/hooks" },
      ],
    },
  });
  await define(server, "thumbnails", {
    ...{ rate: "40/s", bucket_size: 20, max_concurrent_requests: 10 },
    retry_parameters: { task_retry_limit: 3, min_backoff_seconds: 2 },
  });
}

/** An ordinary second, the `turn`th: so that there is something to chart. */
export async function passSecond(server: Server, turn: number): Promise<void> {
  const n = 6 + Math.round(9 * Math.sin(turn / 40) ** 2 + 3 * Math.sin(turn / 7));
  await add(
    server,
    "thumbnails",
    numbered(n, () => HOME),
  );
  await add(
    server,
    "mail",
    numbered(2 + (turn % 4), () => HOME),
  );
  await add(
    server,
    "default",
    numbered(turn % 3, () => HOME),
  );
  if (turn % 15 === 4) await add(server, "thumbnails", [{ url: "/not/there" }]);
  if (turn % 60 === 10)
    await count(server, `batch-${turn}`, { from: 1, to: 200, parts: 40, pauseMs: 300 });
  if (turn % 150 === 90) await server.fetch(`${QUEUES}/mail:pause`, { method: "POST" });
  if (turn % 150 === 110) await server.fetch(`${QUEUES}/mail:resume`, { method: "POST" });
}

/** What there is to see at a moment: a backlog, tasks in every state, a count under way. */
export async function makeLively(server: Server): Promise<void> {
  await defineQueues(server);
  const failing = { url: "/not/there", retry: { limit: 0 } };
  await add(server, "thumbnails", [
    { ...failing, name: FAILED, payload: { invoice: 1987, lines: [{ sku: "A-1", amount: 3 }] } },
    ...numbered(3, (i) => ({ ...failing, name: `invoice-${1990 + i}`, payload: { invoice: i } })),
    {
      ...{ url: "/not/there", name: RETRYING, headers: { "X-Tenant": "acme" } },
      payload: { invoice: 2041, customer: "Łukasz & Söhne <gmbh>", lines: [{ sku: "A-1" }] },
      retry: { limit: 9, minBackoff: 1, maxBackoff: 3600, maxDoublings: 6 },
    },
  ]);
  await add(
    server,
    "reports",
    numbered(12, (i) => ({ name: `weekly-${i}`, ...HOME })),
  );
  await server.fetch(`${QUEUES}/reports:pause`, { method: "POST" });
  const reminder = { expires: 5, payload: { text: "Your meeting begins in ten minutes" } };
  await add(server, "reports", [
    { name: EXPIRED, ...reminder },
    ...numbered(3, (i) => ({ ...reminder, name: `reminder-${i + 1}` })),
    { ...reminder, name: "reminder-5", expires: 3600 },
  ]);
  await addInvoices(server);
  await add(
    server,
    "mail",
    numbered(900, (i) => ({ name: `welcome-${i}`, ...HOME })),
  );
  await add(
    server,
    "mail",
    numbered(25, (i) => ({ name: `digest-${i}`, countdown: 3600, ...HOME })),
  );
  const page = (i: number) => ({
    name: `scan-${i}`,
    tag: i % 2 ? "a4" : "a5",
    payload: `page ${i}`,
  });
  await add(server, "inbox", numbered(9, page));
  const lease = JSON.stringify({ leaseSeconds: 600, maxTasks: 3 });
  await server.fetch(`${QUEUES}/inbox/tasks:lease`, { method: "POST", body: lease });
  await count(server, "nightly", { from: 1, to: 400, parts: 100 });
  await count(server, "slow", { from: 1, to: 1200, parts: 60, pauseMs: 2000 });
}

/** A customer with very many tasks beside others with few, one of whom has limits of its own. */
async function addInvoices(server: Server): Promise<void> {
  const customers = ["acme", "Łukasz & Söhne", "free-17", "shop.example.com/eu", "free-4"];
  const limits = JSON.stringify({ rate: "10/m", max_concurrent_requests: 1 });
  const path = `${QUEUES}/invoices/keys/${encodeURIComponent("shop.example.com/eu")}`;
  await server.fetch(path, { method: "PUT", body: limits });
  for (let i = 0; i < 2; i++) {
    await add(
      server,
      "invoices",
      numbered(900, () => ({ key: "acme", ...HOME })),
    );
  }
  await add(
    server,
    "invoices",
    numbered(120, (n) => ({
      ...{ name: `invoice-${n}`, key: customers[n % 5], priority: n % 10, ...HOME },
      ...(n % 3 === 0 && { countdown: 3600 }),
    })),
  );
}

/** A task that is done at once: the demo's home page. */
const HOME = { method: "GET", url: "/" };

function numbered<T>(n: number, of: (i: number) => T): T[] {
  return Array.from({ length: n }, (_, i) => of(i + 1));
}

function define(server: Server, queue: string, entry: object): Promise<Response> {
  return server.fetch(`${QUEUES}/${queue}`, { method: "PUT", body: JSON.stringify(entry) });
}

function add(server: Server, queue: string, tasks: object[]): Promise<Response> {
  return server.fetch(`${QUEUES}/${queue}/tasks`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ tasks }),
  });
}

function count(server: Server, name: string, job: Record<string, number>): Promise<Response> {
  const fields = Object.entries(job).map(([field, value]) => [field, `${value}`]);
  const body = new URLSearchParams(fields);
  return server.fetch(`${QUEUES}/master/tasks?name=${name}`, { method: "POST", body });
}
