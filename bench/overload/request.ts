// A request over a kept-open connection. One that the server closed just as it was used again says nothing
// about the server, and is sent anew.
import { type Agent, request } from "node:http";

export interface Sent {
  port: number;
  method: string;
  path: string;
  body?: string | undefined;
  /** Without one: a connection of its own. */
  agent: Agent | false;
}

export interface Answered {
  status: number;
  text: string;
}

export function send(one: Sent): Promise<Answered> {
  const { port, method, path, body, agent } = one;
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path, headers, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    sent.on("error", (error: NodeJS.ErrnoException) => {
      if (sent.reusedSocket && error.code === "ECONNRESET") send(one).then(resolve, reject);
      else reject(error);
    });
    sent.end(body);
  });
}
