import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LOCK, leaveState, takeState } from "../scripts/state-lock.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "state-lock-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A process that lives as long as this test, and one that has ended. */
const ALIVE = process.ppid;
const ENDED = spawnSync(process.execPath, ["-e", ""]).pid;

it("is taken once, given back, and taken again; the directory is made", () => {
  const fresh = join(dir, "a", "b");
  expect(takeState(fresh, ALIVE)).toBeUndefined();
  expect(takeState(fresh)).toBe(ALIVE);
  leaveState(fresh);
  expect(takeState(fresh)).toBe(ALIVE);
  leaveState(fresh, ALIVE);
  expect(existsSync(join(fresh, LOCK))).toBe(false);
  expect(takeState(fresh)).toBeUndefined();
});

it.each([
  ["of a process that has ended", `${ENDED}\n`],
  ["of this very process, as in a container that starts anew", `${process.pid}\n`],
  ["that is empty, of a start that was killed", ""],
  ["without a number", "x\n"],
  ["with 0, which would be every process", "0"],
  ["with a negative number, a group", "-1"],
  ["with a fraction", "1.5"],
  ["with a number no process has", "4294967295"],
  ["with one that is too long", "9".repeat(30)],
  ["with two", `${ENDED} ${ENDED}`],
])("a file %s is passed over", (_, text) => {
  writeFileSync(join(dir, LOCK), text);
  expect(takeState(dir)).toBeUndefined();
  leaveState(dir);
  expect(existsSync(join(dir, LOCK))).toBe(false);
});

it("a file from before the machine started is passed over: its number is somebody else's by now", () => {
  writeFileSync(join(dir, LOCK), `${ALIVE}\n`);
  utimesSync(join(dir, LOCK), new Date(0), new Date(0));
  expect(takeState(dir)).toBeUndefined();
});

it("one directory does not hold another", () => {
  mkdirSync(join(dir, "other"));
  expect(takeState(dir, ALIVE)).toBeUndefined();
  expect(takeState(join(dir, "other"))).toBeUndefined();
});
