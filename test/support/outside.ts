// A real server beside the tests inside workerd, for tasks that leave the Worker. It runs in Node (vitest's
// globalSetup), so tests speak with it over HTTP:
//   /<anything>      kept, and answered 200; `?status=` another status, `?to=` a redirect,
//                    `?hold` only when /release/ is asked
//   /arrived/        what was kept since the last /clear/, as JSON
// Test files run side by side: under /box/<name>/ each has all of this for itself.
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

interface Box {
  arrivals: Arrival[];
  held: ServerResponse[];
}

export default async function setup(project: TestProject): Promise<() => void> {
  const boxes = new Map<string, Box>();
  const server = createServer(async (request, response) => {
    const { method = "", url: given = "", headers, rawHeaders } = request;
    const [, name = "", url = given] = /^\/box\/(\w+)(\/.*)$/.exec(given) ?? [];
    const box = boxes.get(name) ?? { arrivals: [], held: [] };
    boxes.set(name, box);
    let body = "";
    for await (const chunk of request) body += chunk;
    if (url === "/arrived/") return void response.end(JSON.stringify(box.arrivals));
    if (url === "/clear/" || url === "/release/") {
      for (const waiting of box.held) waiting.end();
      box.held = [];
      if (url === "/clear/") box.arrivals = [];
      return void response.end();
    }
    const arrival: Arrival = { method, url, headers, rawHeaders, body, hungUp: false };
    box.arrivals.push(arrival);
    response.on("close", () => {
      arrival.hungUp = !response.writableFinished;
    });
    const query = new URL(url, "http://outside").searchParams;
    const to = query.get("to");
    if (to !== null) response.setHeader("Location", to);
    response.statusCode = Number(query.get("status") ?? 200);
    if (query.has("hold")) box.held.push(response);
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
