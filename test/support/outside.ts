// A real server beside the tests inside workerd, for tasks that leave the Worker. It runs in Node (vitest's
// globalSetup), so tests speak with it over HTTP:
//   /<anything>      kept, and answered 200; `?status=` another status, `?to=` a redirect,
//                    `?hold` only when /release/ is asked
//   /arrived/        what was kept since the last /clear/, as JSON
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";

/** A request as it came, header names in their own case. */
export interface Arrival {
  method: string;
  url: string;
  rawHeaders: string[];
  headers: IncomingHttpHeaders;
  body: string;
  /** Whether the other side hung up before it was answered. */
  hungUp: boolean;
}

export default async function setup(project: TestProject): Promise<() => void> {
  let arrivals: Arrival[] = [];
  let held: ServerResponse[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url = "", headers, rawHeaders } = request;
    let body = "";
    for await (const chunk of request) body += chunk;
    if (url === "/arrived/") return void response.end(JSON.stringify(arrivals));
    if (url === "/clear/" || url === "/release/") {
      for (const waiting of held) waiting.end();
      held = [];
      if (url === "/clear/") arrivals = [];
      return void response.end();
    }
    const arrival: Arrival = { method, url, headers, rawHeaders, body, hungUp: false };
    arrivals.push(arrival);
    response.on("close", () => {
      arrival.hungUp = !response.writableFinished;
    });
    const query = new URL(url, "http://outside").searchParams;
    const to = query.get("to");
    if (to !== null) response.setHeader("Location", to);
    response.statusCode = Number(query.get("status") ?? 200);
    if (query.has("hold")) held.push(response);
    else response.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  project.provide("outside", `http://127.0.0.1:${port}`);
  return () => {
    server.closeAllConnections();
    server.close();
  };
}
