// A real Prometheus scrapes a real server, through a kill: its queries give the API's numbers. Where neither the machine
// nor Debian's packages have one these tests are skipped; the grammar and promtool's rules are checked in any case
// (test/http/metrics).
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort, onWorkerd, type Server, startServer } from "../../../scripts/server.ts";
import { until } from "../../../scripts/until.ts";
import { findPrometheus } from "../../support/prometheus.ts";
import { temporaryDir } from "../support.ts";

const found = findPrometheus();
const RULES = "docs/monitoring";
/** In seconds; `PROMETHEUS_S=60` is the long form. */
const SCRAPED_S = Number(process.env.PROMETHEUS_S ?? 15);

const skipped = found ? "" : " (skipped: this machine has no Prometheus, and cannot get Debian's)";

describe.skipIf(!found)(`promtool${skipped}`, () => {
  const promtool = (args: string[], input?: string) =>
    execFileSync(found?.promtool ?? "", args, { input, stdio: "pipe", encoding: "utf8" });

  it("takes the configuration of the docs", () => {
    const checked = ["check", "config", "--syntax-only", `${RULES}/prometheus.yaml`];
    expect(promtool(checked)).toContain("SUCCESS");
  });

  it("takes the alert rules of the docs", () => {
    expect(promtool(["check", "rules", `${RULES}/alerts.yaml`])).toContain(
      "SUCCESS: 9 rules found",
    );
    expect(promtool(["test", "rules", `${RULES}/alerts.test.yaml`])).toContain("SUCCESS");
  });

  it("finds nothing to say of the metrics", async () => {
    const server = await serverOn(temporaryDir());
    const text = await (await ask(server, "/_ah/metrics")).text();
    expect(promtool(["check", "metrics"], text)).toBe("");
  });
});

const READ = "may-read";
const WRITE = "may-write";
const VARS = [`TASKQUEUE_TOKEN:${WRITE}`, `TASKQUEUE_READ_TOKEN:${READ}`];

async function serverOn(stateDir: string, port?: number): Promise<Server> {
  const command = onWorkerd({ vars: VARS });
  const server = await startServer({ stateDir, command, ...(port && { port }) });
  onTestFinished(() => server.stop());
  return server;
}

function ask(server: Server, path: string, body?: object): Promise<Response> {
  return server.fetch(path, {
    headers: { Authorization: `Bearer ${WRITE}`, "Content-Type": "application/json" },
    ...(body && { method: "POST", body: JSON.stringify(body) }),
  });
}

interface Scraper {
  /** The value of a query that gives one. */
  query(promql: string): Promise<number>;
}

async function scraperOf(target: string, options: readonly string[] = []): Promise<Scraper> {
  const dir = temporaryDir();
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s" },
    scrape_configs: [
      {
        job_name: "taskqueue",
        metrics_path: "/_ah/metrics",
        authorization: { credentials: READ },
        static_configs: [{ targets: [target] }],
      },
    ],
  };
  writeFileSync(join(dir, "prometheus.yml"), JSON.stringify(config));
  mkdirSync(join(dir, "data"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    found?.prometheus ?? "",
    [
      ...[`--config.file=${dir}/prometheus.yml`, `--storage.tsdb.path=${dir}/data`],
      ...[`--web.listen-address=${url.slice("http://".length)}`, ...options],
    ],
    { stdio: "ignore" },
  );
  const ended = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const query = async (promql: string) => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(promql)}`);
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
    const [one] = data.result;
    return one ? Number(one.value[1]) : Number.NaN;
  };
  await until("Prometheus' first scrape", 30, async () =>
    query('up{job="taskqueue"}').then(
      (up) => up === 1,
      () => false,
    ),
  );
  return { query };
}

describe.skipIf(!found)(`Prometheus${skipped}`, () => {
  it("sees what the API says, and no counter that goes back", async () => {
    const stateDir = temporaryDir();
    let server = await serverOn(stateDir);
    const port = Number(new URL(server.url).port);
    const { query } = await scraperOf(`127.0.0.1:${port}`);
    await until(
      "a first scrape of the queues",
      30,
      async () => (await query("taskqueue_queues")) > 0,
    );
    const began = Date.now();
    const inbox = "/_ah/api/queues/inbox/tasks";
    await ask(server, inbox, { tasks: Array.from({ length: 40 }, () => ({ payload: "x" })) });
    const lease = { leaseSeconds: 600, maxTasks: 25 };
    const leased = (await (await ask(server, `${inbox}:lease`, lease)).json()) as {
      tasks: { name: string; lease: string }[];
    };
    const leases = leased.tasks.map(({ name, lease: token }) => ({ name, lease: token }));
    await ask(server, `${inbox}:ack`, { leases: leases.slice(0, 20) });
    const master = { params: { from: "1", to: "20" } };
    await ask(server, "/_ah/api/queues/master/tasks", master);
    const done = 'taskqueue_tasks_done_total{queue="inbox"}';
    await until("the totals", 40, async () => (await query(done)) === 20);
    // What is shown is on disk: a kill takes none of it back.
    await server.kill();
    server = await serverOn(stateDir, port);
    await until(
      "a scrape after the kill",
      40,
      async () => (await query("taskqueue_up{queue='inbox'}")) === 1,
    );
    await ask(server, `${inbox}:ack`, { leases: leases.slice(20) });
    await until("the totals after it", 60, async () => (await query(done)) === 25);
    await until("enough scrapes", SCRAPED_S + 5, () => Date.now() - began > SCRAPED_S * 1000);
    expect(await query(`sum(resets(taskqueue_tasks_done_total[5m]))`)).toBe(0);
    expect(await query('taskqueue_tasks_added_total{queue="inbox"}')).toBe(40);
    const view = (await (await ask(server, "/_ah/api/queues/inbox")).json()) as {
      statistics: { tasks: number; states: { leased: number } };
    };
    expect(await query('sum(taskqueue_backlog_tasks{queue="inbox"})')).toBe(view.statistics.tasks);
    expect(view.statistics.tasks).toBe(15);
    // Prometheus extrapolates to the edges of the range.
    const increase = await query('increase(taskqueue_tasks_done_total{queue="inbox"}[5m])');
    expect(increase).toBeGreaterThan(20);
    expect(increase).toBeLessThan(40);
    const quantile = await query(
      'histogram_quantile(0.5, taskqueue_run_time_seconds_bucket{queue="sub"})',
    );
    expect(quantile).toBeGreaterThan(0);
    const costs = (await (await ask(server, "/_ah/api/costs")).json()) as {
      total: { rowsWritten: number };
    };
    const rows = await query("sum(taskqueue_rows_written_total)");
    expect(rows).toBeGreaterThan(40);
    expect(costs.total.rowsWritten).toBeGreaterThanOrEqual(rows);
    expect(await query("scrape_duration_seconds")).toBeLessThan(1);
  }, 240_000);

  it("has native histograms where it asks for them", async () => {
    const server = await serverOn(temporaryDir());
    const options = ["--enable-feature=native-histograms"];
    const { query } = await scraperOf(new URL(server.url).host, options);
    await ask(server, "/_ah/api/queues/master/tasks", { params: { from: "1", to: "20" } });
    const of = (name: string) => `taskqueue_${name}{queue="sub"}`;
    const done = await until("the subtasks", 40, async () => {
      const n = await query(of("tasks_done_total"));
      return n > 0 && n === (await query(of("tasks_added_total"))) && n;
    });
    await until(
      "as many of the histogram",
      20,
      async () => (await query(`histogram_count(${of("run_time_seconds")})`)) === done,
    );
    const sum = await query(`histogram_sum(${of("run_time_seconds")})`);
    const least = await query(`histogram_quantile(0, ${of("run_time_seconds")})`);
    const most = await query(`histogram_quantile(1, ${of("run_time_seconds")})`);
    // The bounds of the outermost buckets: each is 9 % wide.
    expect(sum).toBeGreaterThanOrEqual(least * done * 0.9);
    expect(sum).toBeLessThanOrEqual(most * done);
    expect(await query(of("queues"))).toBeNaN();
    expect(await query("taskqueue_queues")).toBe(4);
  }, 120_000);
});
