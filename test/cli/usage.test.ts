import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { bundledCommand } from "./command.ts";
import { runHere } from "./run-here.ts";

const ROOT = join(import.meta.dirname, "../..");
const CLI = bundledCommand();

function run(...args: string[]) {
  const command = [CLI, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("help", () => {
  it.each([["--help"], ["-h"], ["help"], ["help", "nonsense"]])(
    "%j tells of all",
    async (...args) => {
      const { status, stdout, stderr } = await runHere(...args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      for (const name of Object.keys(COMMANDS)) expect(stdout).toContain(`\n  ${name} `);
    },
  );

  it.each(
    Object.keys(COMMANDS).flatMap((name) => [
      [name, "--help"],
      [name, "-h"],
      ["help", name],
      [name, "something", "--help"],
    ]),
  )("%s %s tells of one", async (...args) => {
    const name = args[0] === "help" ? args[1] : args[0];
    const { status, stdout, stderr } = await runHere(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^usage: durable-taskqueue ${name} `));
  });
});

it.each([["--version"], ["-v"], ["version"]])("%s prints the version", (...args) => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  expect(run(...args)).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
});

describe("wrong usage", () => {
  it.each([[], [""], ["nonsense"], ["--nonsense"], ["constructor"], ["Check"]])(
    "%j tells of all commands",
    async (...args) => {
      const { status, stdout, stderr } = await runHere(...args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^(usage: durable-taskqueue COMMAND|error: unknown)/);
    },
  );

  it.each([
    ["check", "a", "b", "c"],
    ["schema", "x"],
    ["schema", "queue", "cron"],
    ["schema", "toString"],
    ["check", "--nonsense"],
    ["completion", "tcsh"],
    ["queues"],
    ["queues", "--url"],
    ["queues", "--url", "ftp://x"],
    ["queues", "--url", "not a url"],
    ["tasks"],
    ["tasks", "q", "--limit", "0", "--url", "http://127.0.0.1:1"],
    ["tasks", "q", "--limit", "a", "--url", "http://127.0.0.1:1"],
    ["tasks", "q", "--state", "odd", "--url", "http://127.0.0.1:1"],
    ["tasks", "q", "--older-than", "a week", "--url", "http://127.0.0.1:1"],
    ["delete", "q", "--url", "http://127.0.0.1:1"],
    ["delete", "q", "n", "--all", "--url", "http://127.0.0.1:1"],
    ["delete", "q", "n", "--tag", "t", "--url", "http://127.0.0.1:1"],
    ["redrive", "q", "--rate", "5/s", "--url", "http://127.0.0.1:1"],
    ["redrive", "q", "n", "--rate", "5/s", "--url", "http://127.0.0.1:1"],
    ["redrive", "q", "--all", "--tag", "t", "--rate", "5/s", "--url", "http://127.0.0.1:1"],
    ["redrive", "q", "--all", "--rate", "fast", "--url", "http://127.0.0.1:1"],
    ["redrive", "q", "--fingerprint", "x", "--url", "http://127.0.0.1:1"],
    ["show", "q", "t", "--failures", "--url", "http://127.0.0.1:1"],
    ["reschedule", "q", "n", "--url", "http://127.0.0.1:1"],
    ["reschedule", "q", "n", "--eta", "x", "--countdown", "1", "--url", "http://127.0.0.1:1"],
    ["reschedule", "q", "n", "--countdown", "soon", "--url", "http://127.0.0.1:1"],
    ["add", "q", "--payload", "a", "--payload-json", "1", "--url", "http://127.0.0.1:1"],
    ["add", "q", "--payload-json", "{", "--url", "http://127.0.0.1:1"],
    ["add", "q", "--payload-file", "/no/such", "--url", "http://127.0.0.1:1"],
    ["add", "q", "--task", "{", "--url", "http://127.0.0.1:1"],
    ["add", "q", "--param", "=1", "--url", "http://127.0.0.1:1"],
    ["add", "q", "--header", "x", "--url", "http://127.0.0.1:1"],
    ["add", "q", "--priority", "high", "--url", "http://127.0.0.1:1"],
    ["add", "q", "--from", "/no/such", "--url", "http://127.0.0.1:1"],
    ["group", "g", "explode", "--url", "http://127.0.0.1:1"],
    ["cron", "explode", "x", "--url", "http://127.0.0.1:1"],
    ["cron", "run", "--url", "http://127.0.0.1:1"],
    ["pause", "--url", "http://127.0.0.1:1"],
  ])("%s %s tells of the command", async (...args) => {
    const { status, stdout, stderr } = await runHere(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("--help after a command tells about it.");
  });
});

it("wrong usage is the status of the process", () => {
  expect(run("queues")).toMatchObject({ status: 2, stdout: "" });
});

it("a name that begins with - comes after --, and who forgets it is told", async () => {
  const { status, stderr } = await runHere("show", "mail", "-name", "--url", "http://127.0.0.1:1");
  expect(status).toBe(2);
  expect(stderr).toContain("A name that begins with - comes after --.\n");
  const read = await runHere("show", "--url", "ftp://x", "mail", "--", "-name");
  expect(read.stderr).toMatch(/^error: .*ftp:/);
});
