// A directory for the state of a server that all tests of a file share.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export function temporaryState(): { dir: string } {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-console-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  return { dir };
}
