// The API over HTTP, as anything that can fetch has it.
import { exports } from "cloudflare:workers";

const own = (exports as unknown as { default: Fetcher }).default;

/** What a GET of a path under /_ah/api answers with, as it comes. */
export function outside(path: string): Promise<Response> {
  return own.fetch(`http://127.0.0.1:8787/_ah/api${path}`);
}

/** A request to a path under /_ah/api, with a JSON body if there is one: the status and the answer. */
export async function call(
  method: string,
  path: string,
  body?: object,
): Promise<[status: number, answer: Record<string, unknown>]> {
  const init: RequestInit = { method };
  if (body) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  const response = await own.fetch(`http://127.0.0.1:8787/_ah/api${path}`, init);
  return [response.status, await response.json()];
}
