import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundledCommand } from "./command.ts";

const CLI = bundledCommand();
const SCHEMA = new URL("../../queue.schema.json", import.meta.url);
const GOOD = "queue: [{name: a, rate: 5/s}, {name: b, mode: pull}]";
const LISTED = "queue: [{name: a, rate: 1/s}, {name: b, rate: 1/s}, {name: default, rate: 5/s}]";
const FAST = "queue: [{name: a, extensions: {rate: 2000/s, bucket_size: 5}}]";
const CRON_SCHEMA = new URL("../../cron.schema.json", import.meta.url);
const CRON = "cron: [{url: /a, schedule: every 5 mins}, {url: /b, schedule: every day 00:00}]";
const BAD_CRON = "cron:\n- url: /a\n  schedule: every 5 weeks\n  extensions: {queue: b}\n";
const BAD = "queue:\n- name: sub\n  rate: 5/w\n  colour: red\n";

describe("durable-taskqueue", () => {
  let dir = "";
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "queue-yaml-"));
    writeFileSync(join(dir, "queue.yaml"), GOOD);
    writeFileSync(join(dir, "bad.yaml"), BAD);
    writeFileSync(join(dir, "empty.yaml"), "queue:");
    writeFileSync(join(dir, "listed.yaml"), LISTED);
    writeFileSync(join(dir, "fast.yaml"), FAST);
    writeFileSync(join(dir, "latin1.yaml"), Buffer.from("queue: # f\xfcr\n", "latin1"));
    writeFileSync(join(dir, "quotes.yaml"), "'".repeat(1_000_000));
    mkdirSync(join(dir, "both"));
    writeFileSync(join(dir, "both", "queue.yaml"), GOOD);
    writeFileSync(join(dir, "both", "cron.yaml"), CRON);
    writeFileSync(join(dir, "bad-cron.yaml"), BAD_CRON);
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  function run(...args: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
      cwd: dir,
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  }

  it("check counts the queues, the default one too", () => {
    expect(run("check")).toEqual({
      status: 0,
      stdout: "queue.yaml: 2 queues, and default\n",
      stderr: "",
    });
    expect(run("check", "empty.yaml").stdout).toBe("empty.yaml: 0 queues, and default\n");
    expect(run("check", "listed.yaml").stdout).toBe("listed.yaml: 3 queues\n");
  });

  it("check prints every problem of a bad file", () => {
    const { status, stdout, stderr } = run("check", "bad.yaml");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr.split("\n")).toEqual([
      'bad.yaml:3:9: queue "sub": rate: found "5/w", expected a number per s, m, h or d such as 5/s or 0',
      expect.stringMatching(/^bad\.yaml:4:3: queue "sub": colour: found an unknown key, expected /),
      "",
    ]);
  });

  it("check warns of a bucket that cannot carry its rate, and finds the file good", () => {
    expect(run("check", "fast.yaml")).toEqual({
      status: 0,
      stdout: "fast.yaml: 1 queue, and default\n",
      stderr:
        'fast.yaml:1:59: warning: queue "a": extensions.bucket_size: found 5, which carries about 41 % of 2000/s where alarms come 5 ms late, expected at least 12\n',
    });
  });

  it("check says when there is no file to read", () => {
    expect(run("check", "no.yaml")).toEqual({
      status: 1,
      stdout: "",
      stderr: "no.yaml: no such file\n",
    });
    expect(run("check", ".").stderr).toMatch(/^\.: cannot be read: EISDIR/);
  });

  it("check says what is no text for it, without reading it to its end", () => {
    const refused = (stderr: string) => ({ status: 1, stdout: "", stderr });
    expect(run("check", "quotes.yaml")).toEqual(
      refused("quotes.yaml:1:1: found 1,000,000 characters, expected at most 500,000\n"),
    );
  });

  it.each<[string, number[], string]>([
    [
      "Latin-1",
      [...Buffer.from("queue:\n# caf"), 0xe9, 0x0a],
      "2:6: found bytes that are not UTF-8 (0xe9)",
    ],
    ["UTF-16", [0xff, 0xfe, 0x71, 0x00], "1:1: found bytes that are not UTF-8 (0xff)"],
    [
      "a surrogate",
      [...Buffer.from("queue: #"), 0xed, 0xa0, 0x80],
      "1:9: found bytes that are not UTF-8 (0xed)",
    ],
    [
      "a character cut off",
      [...Buffer.from("queue: #é"), 0xc3],
      "1:10: found bytes that are not UTF-8 (0xc3)",
    ],
  ])("check refuses a file of %s, and says where", (_, bytes, found) => {
    writeFileSync(join(dir, "bytes.yaml"), Buffer.from(bytes));
    expect(run("check", "bytes.yaml").stderr).toBe(`bytes.yaml:${found}, expected UTF-8\n`);
    expect(run("check", "queue.yaml", "bytes.yaml").stderr).toBe(
      `bytes.yaml:${found}, expected UTF-8\n`,
    );
  });

  it("check looks at the cron.yaml it is given, or that is beside queue.yaml", () => {
    const both = "both/queue.yaml: 2 queues, and default\nboth/cron.yaml: 2 entries\n";
    expect(run("check", "both/queue.yaml")).toEqual({ status: 0, stdout: both, stderr: "" });
    expect(run("check", "queue.yaml", "both/cron.yaml").stdout).toContain("cron.yaml: 2 entries");
    expect(run("check", "queue.yaml", "no.yaml").stderr).toBe("no.yaml: no such file\n");
  });

  it("check prints every problem of a bad cron.yaml", () => {
    const { status, stderr } = run("check", "queue.yaml", "bad-cron.yaml");
    expect(status).toBe(1);
    expect(stderr).toBe(
      'bad-cron.yaml:3:13: cron "a": schedule: found "every 5 weeks", expected hours or minutes after "every 5", not "weeks"\n',
    );
  });

  it("schema prints the JSON Schema", () => {
    const { status, stdout } = run("schema");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(SCHEMA, "utf8")));
    const cron = JSON.parse(run("schema", "cron").stdout);
    expect(cron).toEqual(JSON.parse(readFileSync(CRON_SCHEMA, "utf8")));
  });

  it.each([
    ['name = "w"', 3],
    ['compatibility_date = "2026-08-06"\nrules = [{ type = "Text", globs = ["**/*.txt"] }]', 2],
    ['[[durable_objects.bindings]]\nscript_name = "w"\nclass_name = "TaskQueue"\nname = "Q"', 2],
    ["not TOML", 0],
  ])("check says what the wrangler file lacks: %s", (text, count) => {
    mkdirSync(join(dir, "worker"), { recursive: true });
    writeFileSync(join(dir, "worker", "queue.yaml"), GOOD);
    writeFileSync(join(dir, "worker", "wrangler.toml"), text);
    const { status, stdout, stderr } = run("check", "worker/queue.yaml");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: "worker/queue.yaml: 2 queues, and default\n",
    });
    const lines = stderr.split("\n").slice(0, -1);
    expect(lines.length).toBe(count);
    for (const line of lines) {
      expect(line).toMatch(
        /^wrangler\.toml: the queues need the line: .*; npx durable-taskqueue init adds it$/,
      );
    }
  });
});
