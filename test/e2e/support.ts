import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject, onTestFinished } from "vitest";
import { type Server, type ServerOptions, startServer } from "../../scripts/server.ts";

/** The command as its users get it; a start from its sources takes three times the CPU. */
export const CLI = join(inject("unpacked"), "dist/cli.js");

/** A new directory, gone when the test is over. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "taskqueue-e2e-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A running server, ended when the test is over. */
export async function runningServer(options: ServerOptions): Promise<Server> {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
}

export async function add(
  server: Server,
  queue: string,
  query: string,
  fields: Record<string, string>,
): Promise<{ status: number; body: { name?: string; error?: { code: string } } }> {
  const path = `/_ah/api/queues/${queue}/tasks?${query}`;
  const response = await server.fetch(path, { method: "POST", body: new URLSearchParams(fields) });
  return { status: response.status, body: (await response.json()) as { name?: string } };
}

export async function stateOf(server: Server, queue: string, name: string): Promise<string> {
  const path = `/_ah/api/queues/${queue}/tasks/${name}`;
  return (await server.json<{ state?: string }>(path)).state ?? "unknown";
}
