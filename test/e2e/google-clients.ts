// A server as `npm start` starts it, and Google's own clients pointed at it, as docs/cloud-tasks.md has it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudTasksClient, v2beta2, v2beta3 } from "@google-cloud/tasks";
import { OAuth2Client, PassThroughClient } from "google-auth-library";
import {
  type cloudtasks_v2,
  type cloudtasks_v2beta2,
  type cloudtasks_v2beta3,
  google,
} from "googleapis";
import { afterAll, beforeAll } from "vitest";
import { onWorkerd, type Server, startServer } from "../../scripts/server.ts";

export const PARENT = "projects/my-project/locations/us-central1";

export function queueName(id: string): string {
  return `${PARENT}/queues/${id}`;
}

/** A server for all tests of a file; `vars` are its settings. */
export function serverOfFile(vars: Record<string, string> = {}): () => Server {
  const stateDir = mkdtempSync(join(tmpdir(), "taskqueue-google-"));
  let server: Server | undefined;
  beforeAll(async () => {
    const settings = { TASKQUEUE_ALLOW_HOSTS: "127.0.0.1", ...vars };
    const given = Object.entries(settings).map(([name, value]) => `${name}:${value}`);
    server = await startServer({ stateDir, command: onWorkerd({ vars: given }) });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });
  return () => server as Server;
}

/** The options of @google-cloud/tasks, with a token or without. */
function optionsFor(server: Server, token?: string) {
  const withToken = new OAuth2Client();
  withToken.setCredentials({ access_token: token ?? null });
  return {
    fallback: "rest" as const,
    apiEndpoint: "127.0.0.1",
    port: Number(new URL(server.url).port),
    protocol: "http",
    authClient: token === undefined ? new PassThroughClient() : withToken,
  };
}

export function tasksClient(server: Server, token?: string): CloudTasksClient {
  return new CloudTasksClient(optionsFor(server, token));
}

export function beta2Client(server: Server): v2beta2.CloudTasksClient {
  return new v2beta2.CloudTasksClient(optionsFor(server));
}

export function beta3Client(server: Server): v2beta3.CloudTasksClient {
  return new v2beta3.CloudTasksClient(optionsFor(server));
}

export function googleapisClient(server: Server, token?: string): cloudtasks_v2.Cloudtasks {
  return google.cloudtasks({ version: "v2", ...generatedOptions(server, token) });
}

export function generatedBeta2(server: Server, token?: string): cloudtasks_v2beta2.Cloudtasks {
  return google.cloudtasks({ version: "v2beta2", ...generatedOptions(server, token) });
}

export function generatedBeta3(server: Server, token?: string): cloudtasks_v2beta3.Cloudtasks {
  return google.cloudtasks({ version: "v2beta3", ...generatedOptions(server, token) });
}

function generatedOptions(server: Server, token: string | undefined) {
  const rootUrl = `${server.url}/`;
  if (token === undefined) return { rootUrl };
  const auth = new google.auth.OAuth2();
  auth.setCredentials({ access_token: token });
  return { rootUrl, auth };
}

/** What a call was refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ code: unknown; message: string }> {
  const error = await call.then(
    () => undefined,
    (it: unknown) => it as { code: unknown; message: string },
  );
  if (!error) throw new Error("it was not refused");
  return { code: error.code, message: error.message };
}
