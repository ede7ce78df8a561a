// The command against a server as users start it: what each subcommand prints, as text and as JSON, and how it exits;
// in a terminal, in a pipe, and while somebody stops it.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { onWorkerd, quietEnv, ROOT, type Server, startServer } from "../../scripts/server.ts";
import { until } from "../../scripts/until.ts";
import { temporaryState } from "./console/state.ts";
import { CLI, temporaryDir } from "./support.ts";

const { dir } = temporaryState();
let server: Server;
beforeAll(async () => {
  server = await startServer({ stateDir: dir, command: onWorkerd() });
});
afterAll(() => server.stop());
beforeEach(async () => {
  for (const queue of ["sub", "inbox"]) {
    await post(`/_ah/api/queues/${queue}:pause`);
    await post(`/_ah/api/queues/${queue}:purge`);
  }
});

/** A connection that was kept while this process waited for another may be gone. */
async function post(path: string): Promise<void> {
  const ask = () => server.fetch(path, { method: "POST" });
  await ask().catch(ask);
}

function envOf(url: string) {
  return { ...quietEnv(), TASKQUEUE_URL: url, NO_COLOR: undefined };
}

function run(args: readonly string[], input = "", url = server.url) {
  const options = { cwd: ROOT, env: envOf(url), encoding: "utf8", input } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], options);
  return { status, stdout, stderr };
}

const ok = (args: readonly string[], input?: string) => {
  const { status, stdout, stderr } = run(args, input);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
};
const json = (...args: string[]) => JSON.parse(ok([...args, "--json"]));
const jsonLines = (...args: string[]) =>
  ok([...args, "--json"])
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe("queues", () => {
  it("are a table, or a line of JSON each", () => {
    const [titles, ...lines] = ok(["queues"]).trimEnd().split("\n");
    expect(titles).toMatch(/^QUEUE +MODE +STATE +TASKS/);
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["default", "inbox", "master", "sub"]);
    expect(jsonLines("queues", "--prefix", "s")).toMatchObject([{ name: "sub", state: "paused" }]);
    expect(jsonLines("queues", "--state", "paused")).toHaveLength(2);
  });

  it("are shown, paused and resumed", () => {
    expect(ok(["show", "sub"])).toMatch(/^name: sub\nmode: push\nstate: paused$/m);
    expect(ok(["resume", "sub", "inbox"])).toMatch(/^resumed "sub".*\nresumed "inbox"/);
    expect(json("pause", "sub")).toMatchObject({ name: "sub", state: "paused" });
  });
});

describe("a task", () => {
  it.each<[string[], object]>([
    [[], {}],
    [["--payload", '{"a":1}'], { payload: '{"a":1}' }],
    [["--payload-json", '{"a":1}'], { payload: { a: 1 } }],
    [["--payload-file", "-"], { payloadBase64: "ZnJvbSBzdGRpbg==" }],
    [["-p", "a=1", "-p", "a=2", "-p", "b=x=y"], { params: { a: ["1", "2"], b: "x=y" } }],
    [["-X", "PUT", "--path", "/x"], { method: "PUT", url: "/x" }],
    [["-H", "X-Own: 1"], { headers: { "X-Own": "1" } }],
    [["--countdown", "1h"], { state: "scheduled" }],
    [["--eta", "2050-01-01T00:00:00Z"], { eta: "2050-01-01T00:00:00.000Z" }],
    [["--key", "acme", "--priority", "1"], { key: "acme", priority: 1 }],
    [["--expires", "2h"], { expires: 7200 }],
    [["--task", '{"payload":"p","key":"k"}', "--key", "acme"], { payload: "p", key: "acme" }],
  ])("is added with %j", (options, shown) => {
    const added = run(["add", "sub", ...options, "--json"], "from stdin");
    if (options.includes("2050-01-01T00:00:00Z")) {
      expect(added).toMatchObject({ status: 1, stderr: expect.stringContaining("INVALID_ETA") });
      return;
    }
    expect(added.stderr).toBe("");
    const { name } = JSON.parse(added.stdout);
    expect(json("show", "sub", name)).toMatchObject(shown);
  });

  it("is refused with the API's own words and code", () => {
    const name = `n-${Math.random()}`.replace(".", "");
    expect(ok(["add", "sub", "--name", name])).toBe(`added ${name}, due\n`);
    const { status, stdout, stderr } = run(["add", "sub", "--name", name]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(/^TASK_ALREADY_EXISTS: name: /);
    const told = run(["add", "sub", "--name", name, "--json"]);
    expect(JSON.parse(told.stderr).error.code).toBe("TASK_ALREADY_EXISTS");
    expect(ok(["add", "sub", "--name", name, "--if-exists", "keep"])).toBe(`kept ${name}, due\n`);
  });
});

describe("tasks from a file", () => {
  const tasks = Array.from({ length: 1500 }, (_, i) => JSON.stringify({ payload: i }));

  it("come in, packed or not, or by the standard input", () => {
    const dir = temporaryDir();
    writeFileSync(join(dir, "t.jsonl"), `${tasks.join("\n")}\n`);
    writeFileSync(join(dir, "t.jsonl.gz"), gzipSync(tasks.join("\n")));
    expect(ok(["add", "sub", "--from", join(dir, "t.jsonl")])).toBe("added 1500, refused 0\n");
    expect(ok(["add", "sub", "--from", join(dir, "t.jsonl.gz")])).toBe("added 1500, refused 0\n");
    expect(ok(["add", "sub", "--from", "-"], tasks[0])).toBe("added 1, refused 0\n");
    expect(json("tasks", "sub", "--count")).toEqual({ tasks: 3001 });
  });

  it("name the line of what is refused", () => {
    const input = '{"name":"twice","payload":""}\n\n{"name":"again","payload":""}\n';
    expect(ok(["add", "inbox", "--from", "-"], input)).toBe("added 2, refused 0\n");
    const again = run(["add", "inbox", "--from", "-"], input);
    expect(again).toMatchObject({ status: 1, stdout: "added 0, refused 2\n" });
    expect(again.stderr).toMatch(/^-:1: TASK_ALREADY_EXISTS: .*\n-:3: TASK_ALREADY_EXISTS/);
    expect(run(["add", "inbox", "--from", "-"], "{")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("error: -:1: expected a task as JSON"),
    });
  });
});

describe("many tasks at once", () => {
  const add = (count: number, more = {}) => {
    const input = Array.from({ length: count }, () => JSON.stringify(more)).join("\n");
    ok(["add", "sub", "--from", "-"], input);
  };

  it("are counted, and asked about, before they are deleted", () => {
    add(5, { key: "acme" });
    add(3, { key: "other" });
    const filters = ["sub", "--key", "acme"];
    expect(ok(["delete", ...filters, "--dry-run"])).toBe('would delete 5 tasks of "sub"\n');
    expect(run(["delete", ...filters])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("found no terminal to ask at, expected --yes"),
    });
    expect(json("tasks", "sub", "--count")).toEqual({ tasks: 8 });
    expect(json("delete", ...filters, "--yes")).toEqual({ queue: "sub", matched: 5, done: 5 });
    expect(ok(["delete", "sub", "--older-than", "1d", "--yes"])).toBe('deleted 0 tasks of "sub"\n');
    expect(json("delete", "sub", "--all", "--yes")).toMatchObject({ matched: 3, done: 3 });
  });

  it("are found by what is in them, over several pages, and it is said of how many", () => {
    const one = { payload: { needle: "a" }, headers: { "X-Customer": "acme" }, countdown: 3600 };
    const input = Array(6000).fill('{"payload":"hay","countdown":3600}');
    input.push(JSON.stringify(one), JSON.stringify({ ...one, payload: "needle" }));
    ok(["add", "sub", "--from", "-"], input.join("\n"));
    const text = run(["tasks", "sub", "--text", "NEEDLE", "--json"]);
    expect({ ...text, stdout: text.stdout.split("\n").length }).toEqual({
      ...{ status: 0, stdout: 3, stderr: "looked at 6,002 tasks\n" },
    });
    const header = ["sub", "--header", "X-Customer: acme"];
    expect(run(["tasks", ...header, "--limit", "1"]).stderr).toBe(
      "looked at 6,002 tasks; more may match\n",
    );
    const deleted = run(["delete", ...header, "--text", '"a"', "--yes"]);
    expect(deleted.stdout).toBe('deleted 1 task of "sub"\n');
  });

  it("get another time, run, and are purged", () => {
    add(1100, { countdown: 3600 });
    const later = ["reschedule", "sub", "--state", "scheduled", "--countdown", "2h", "--yes"];
    expect(json(...later)).toMatchObject({ matched: 1100, done: 1100 });
    expect(json("purge", "sub", "--dry-run")).toEqual({ queue: "sub", matched: 1100, done: 0 });
    expect(run(["purge", "sub"]).status).toBe(2);
    expect(ok(["purge", "sub", "--yes"])).toBe('purged 1,100 tasks of "sub"\n');
    add(2, { countdown: 3600 });
    expect(json("run", "sub", "--all", "--yes")).toMatchObject({ matched: 2, done: 2 });
  });

  it("that are named are not asked about, and one that is not there is told", () => {
    ok(["add", "inbox", "--name", "there", "--payload", ""]);
    expect(run(["delete", "inbox", "there", "not-there"])).toMatchObject({
      status: 1,
      stdout: 'deleted 1 task of "inbox"\n',
    });
    expect(json("redrive", "inbox", "--all", "--yes")).toMatchObject({ matched: 0, done: 0 });
  });
});

describe("what failed", () => {
  const failing = () => {
    ok(["resume", "default"]);
    for (const name of ["f1", "f2"])
      ok([
        "add",
        "default",
        "--task",
        JSON.stringify({ name, url: "/nowhere", retry: { limit: 0 } }),
      ]);
  };

  it("is shown by fault, redriven at a rate, listed, and stopped", async () => {
    failing();
    const count = () =>
      json("show", "default", "--failures").failures.reduce(
        (sum: number, group: { count: number }) => sum + group.count,
        0,
      );
    await until("both to fail", 20, () => count() === 2);
    const [{ fingerprint, status }] = json("show", "default", "--failures").failures;
    expect([fingerprint, status]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), 404]);
    expect(ok(["show", "default", "--failures"])).toMatch(
      /^FINGERPRINT +COUNT .*\n[0-9a-f]{16} +2 +404 +\/nowhere/,
    );
    const of = ["redrive", "default", "--fingerprint", fingerprint];
    expect(ok([...of, "--dry-run"])).toBe('would redrive 2 tasks of "default"\n');
    // No terminal, nobody to ask.
    expect(run([...of, "--rate", "1/m"])).toMatchObject({ status: 2, stdout: "" });
    const begun = json(...of, "--rate", "1/m", "--yes", "--detach");
    expect(begun).toMatchObject({ queue: "default", state: "running", fingerprint, rate: "1/m" });
    expect(ok(["redrive", "default", "--stop", begun.id])).toContain("is cancelled: by loopback");
    expect(jsonLines("show", "default", "--redrives")).toMatchObject([{ id: begun.id }]);
    expect(json("redrive", "default", "--all", "--rate", "none", "--yes")).toMatchObject({
      state: "done",
    });
    expect(run(["redrive", "default", "--stop", "nobody"]).stderr).toMatch(/^UNKNOWN_TASK: /);
  });
});

it("cron lists entries, and pauses, resumes and runs one", () => {
  expect(ok(["cron"])).toMatch(/^NAME +STATE .*\ntally +running/);
  expect(ok(["cron", "pause", "tally"])).toBe("tally is paused\n");
  expect(jsonLines("cron")).toMatchObject([{ name: "tally", state: "paused" }]);
  expect(ok(["cron", "resume", "tally"])).toBe("tally is running\n");
  expect(ok(["cron", "run", "tally"])).toMatch(/^added cron-tally-run-\S+ to "default"\n$/);
  expect(run(["cron", "run", "nope"]).stderr).toMatch(/^UNKNOWN_CRON: /);
});

it("group shows one, cancels it, and lists how its tasks ended", async () => {
  const body = JSON.stringify({ name: "g", tasks: [{ queue: "sub" }, { queue: "sub" }] });
  const headers = { "Content-Type": "application/json" };
  await server.fetch("/_ah/api/groups", { method: "POST", body, headers });
  expect(ok(["group", "g"])).toMatch(/^name: g$/m);
  expect(json("group", "g", "cancel")).toMatchObject({ name: "g" });
  expect(run(["group", "not-there"])).toMatchObject({ status: 1 });
});

describe("plan", () => {
  it("of the files that run finds nothing", () => {
    expect(ok(["plan"])).toBe("Nothing changes.\n4 queues of the file unchanged\n");
  });

  it("exits with 2 when something is lost, and with 1 for a file that is wrong", () => {
    const dir = temporaryDir();
    ok(["add", "inbox", "--payload", ""]);
    writeFileSync(join(dir, "queue.yaml"), "queue: [{name: sub, rate: 20/s}]");
    const plan = run(["plan", join(dir, "queue.yaml")]);
    expect(plan.status).toBe(2);
    expect(plan.stdout).toContain("- queue inbox");
    expect(plan.stdout).toContain("lost: the queue stops; 1 task stays on it and waits");
    expect(plan.stdout).toContain("    rate 50/s → 20/s");
    expect(JSON.parse(run(["plan", join(dir, "queue.yaml"), "--json"]).stdout).lost).toBe(true);
    writeFileSync(join(dir, "bad.yaml"), "queue: [{name: sub, rate: 20/w}]");
    const bad = run(["plan", join(dir, "bad.yaml")]);
    expect(bad.status).toBe(1);
    expect(bad.stderr).toMatch(/bad\.yaml:1:27: queue "sub": rate: found "20\/w"/);
  });
});

describe("a server", () => {
  it("that does not answer is named, and how often it was asked", async () => {
    const { status, stderr } = run(["queues"], "", "http://127.0.0.1:9");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^NO_ANSWER: .*http:\/\/127\.0\.0\.1:9\/_ah\/api\/queues/);
  });

  it("gets the token of --token before that of the environment", async () => {
    const seen: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{"queues":[]}');
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const env = { ...envOf(url), TASKQUEUE_TOKEN: "of-env" };
    for (const args of [[], ["--token", "given"]]) {
      const child = spawn(process.execPath, [CLI, "queues", ...args], { env });
      expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(0);
    }
    expect(seen).toEqual(["Bearer of-env", "Bearer given"]);
  });
});

describe("output", () => {
  it("that nobody reads any more ends it quietly", () => {
    const shell = `${process.execPath} ${CLI} tasks sub --all --json | head -n 1`;
    ok(["add", "sub", "--from", "-"], Array(3000).fill("{}").join("\n"));
    const options = { env: envOf(server.url), encoding: "utf8" } as const;
    const { stdout, stderr, status } = spawnSync("bash", ["-o", "pipefail", "-c", shell], options);
    expect({ stderr, status, lines: stdout.split("\n").length }).toEqual({
      stderr: "",
      status: 0,
      lines: 2,
    });
  });

  it("has no control characters of others in it", () => {
    ok(["add", "inbox", "--name", "odd", "--payload", "a\u001b[31mred\nb"]);
    expect(ok(["show", "inbox", "odd"])).toContain("payload: a\ufffd[31mred b\n");
  });
});

it("costs says what queues use", () => {
  expect(json("costs")).toMatchObject({ queues: expect.any(Array), total: expect.any(Object) });
  expect(ok(["costs"])).toMatch(/^QUEUE +SINCE .*\n[\s\S]*^all: \$[\d.]+ a day/m);
});

it("tail follows queues until it is interrupted", async () => {
  const child = spawn(process.execPath, [CLI, "tail", "inbox", "sub"], { env: envOf(server.url) });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  for (let i = 0; i < 60 && !said.includes("tailed"); i++) {
    run(["add", "inbox", "--payload", "", "--name", `tailed-${i}`]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(said).toMatch(/^\S+Z inbox added +tailed-/m);
  child.kill("SIGINT");
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(130);
});

describe("interrupted", () => {
  it("it says so and exits with 130", async () => {
    // One that never answers.
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const asked = new Promise((resolve) => silent.once("request", resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const child = spawn(process.execPath, [CLI, "queues"], { env: envOf(url) });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    await asked;
    child.kill("SIGINT");
    const status = await new Promise((resolve) => child.on("exit", resolve));
    expect([status, said]).toEqual([130, "interrupted\n"]);
  });
});

// The tool that gives a command a terminal.
const SCRIPT = "/usr/bin/script";

describe.skipIf(!existsSync(SCRIPT))("in a terminal", () => {
  function inTerminal(command: string, input = "", env = {}, columns = 60) {
    const line = `stty cols ${columns}; ${process.execPath} ${CLI} ${command}`;
    const { stdout, status } = spawnSync(SCRIPT, ["-qec", line, "/dev/null"], {
      ...{ encoding: "utf8", input, cwd: ROOT },
      env: { ...envOf(server.url), SHELL: "/bin/sh", TERM: "xterm", ...env },
    });
    return { stdout, status };
  }

  it("tables fit its width, and titles have a colour unless NO_COLOR is set", () => {
    ok(["add", "sub", "--name", `long-${"x".repeat(100)}`]);
    const { stdout } = inTerminal("tasks sub");
    expect(stdout).toContain("\u001b[1mTASK");
    const lines = stdout.split("\r\n").filter((line) => line.startsWith("long-"));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("…");
    expect([...(lines[0] ?? "")].length).toBeLessThanOrEqual(60);
    expect(inTerminal("tasks sub", "", { NO_COLOR: "1" }).stdout).not.toContain("\u001b[1m");
  });

  it("it asks, and does nothing without a yes", () => {
    ok(["add", "sub", "--from", "-"], "{}\n{}");
    const no = inTerminal("delete sub --all", "n\n");
    expect(no.stdout).toContain('delete 2 tasks of "sub"? [y/N]');
    expect(no.stdout).toContain("nothing was done");
    expect(no.status).toBe(1);
    const yes = inTerminal("delete sub --all", "y\n");
    expect(yes.stdout).toContain('deleted 2 tasks of "sub"');
    expect(yes.status).toBe(0);
  });
});

describe("completion", () => {
  it.each<[string[], string[]]>([
    [["tas"], ["tasks"]],
    [
      ["pause", ""],
      ["default", "inbox", "master", "sub"],
    ],
    [["pause", "sub", "m"], ["master"]],
    [["tasks", "--tag", "t", "s"], ["sub"]],
    [["tasks", "sub", "--state", "d"], ["due"]],
    [["tasks", "sub", "--old"], ["--older-than"]],
    [["check", ""], [":file"]],
    [["help", "sch"], ["schema"]],
    [["show", "sub", ""], []],
    [["nonsense", ""], []],
  ])("of %j is %j", (words, completions) => {
    expect(
      ok(["__complete", "--", ...words])
        .split("\n")
        .slice(0, -1),
    ).toEqual(completions);
  });

  it("has names of queues of the Worker that --url names, and none without one", () => {
    const words = ["__complete", "--", "pause", "--url", server.url, "s"];
    expect(run(words, "", "").stdout).toBe("sub\n");
    expect(run(["__complete", "--", "pause", "s"], "", "").stdout).toBe("");
    expect(run(["__complete", "--", "pause", "s"], "", "http://127.0.0.1:9").stdout).toBe("");
  });
});
