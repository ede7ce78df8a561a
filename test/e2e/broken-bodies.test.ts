// Bodies that break off, or whose chunks are none: the sender's fault, told by every door that reads one.
import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { runtimeOf } from "./runtime.ts";

const APP = `
  import { createTaskQueues } from "./src/index.ts";
  const config = "queue: [{ name: push, rate: 500/s }, { name: pull, mode: pull }]";
  const queues = createTaskQueues({ config });
  export const { TaskQueue, TaskGroup, TaskCron, TaskDirectory, TaskEgress, TaskRunner } = queues;
  export default queues.serve({ fetch: () => new Response("own") });
`;

/** Sends that and no more, and answers with the status and the body. */
async function said(url: URL, start: string, body: string): Promise<string> {
  const socket = connect({ port: Number(url.port), host: url.hostname, allowHalfOpen: true });
  await once(socket, "connect");
  socket.end(`${start}Host: ${url.host}\r\n${body}`);
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  await once(socket, "end");
  socket.destroy();
  const [head = "", text = ""] = answer.split("\r\n\r\n");
  return `${/ (\d+)/.exec(head)?.[1]} ${text}`;
}

const API = "/_ah/api";
const GOOGLE = "/v2/projects/p/locations/l";
const JSON_TYPE = "Content-Type: application/json\r\n";
const FORM = "Content-Type: application/x-www-form-urlencoded\r\n";

const DOORS: [request: string, headers?: string][] = [
  [`POST ${API}/queues/push/tasks`, JSON_TYPE],
  [`POST ${API}/queues/push/tasks`, FORM],
  [`POST ${API}/queues/push/tasks`, "Content-Type: text/plain\r\n"],
  [`POST ${API}/queues/push/tasks`, `${JSON_TYPE}Content-Encoding: gzip\r\n`],
  [`POST ${API}/queues/push/tasks:delete`],
  [`POST ${API}/queues/push/tasks:redrive`],
  [`POST ${API}/queues/pull/tasks:lease`],
  [`POST ${API}/queues/pull/tasks:ack`],
  [`POST ${API}/queues/push:pause`],
  [`PUT ${API}/queues/made`],
  [`DELETE ${API}/queues/push/tasks/a`],
  [`POST ${API}/groups`],
  [`POST ${API}/groups/g/tasks`],
  [`POST ${GOOGLE}/queues`],
  [`POST ${GOOGLE}/queues/push/tasks`],
  [`POST ${GOOGLE}/queues/push/tasks:batchDelete`],
  [`POST ${GOOGLE}/queues/push:setIamPolicy`],
  [`POST ${GOOGLE}/queues`, `${FORM}X-HTTP-Method-Override: GET\r\n`],
  ["POST /_ah/console/login", FORM],
];

const BODIES: [what: string, body: string][] = [
  ["fewer bytes than announced", 'Content-Length: 100\r\n\r\n{"names": ['],
  ["a chunk that is cut off", 'Transfer-Encoding: chunked\r\n\r\n20\r\n{"names"'],
  ["no last chunk", 'Transfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n'],
  ["a size that is no number", "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"],
  ["a size that is too large", "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n"],
];

it("are refused with 400", async () => {
  const url = await runtimeOf(APP);
  for (const [request, headers = ""] of DOORS) {
    for (const [what, body] of BODIES) {
      const answer = await said(url, `${request} HTTP/1.1\r\n${headers}`, body);
      const expected = /^400 .*body: found one that breaks off, expected all of it/s;
      expect([request, what, answer]).toEqual([request, what, expect.stringMatching(expected)]);
    }
  }
});
