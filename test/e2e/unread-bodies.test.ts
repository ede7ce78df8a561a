// Requests whose body nobody reads, at every place where the door copies a request: the server has to live on.
import { expect, it } from "vitest";
import { until } from "../../scripts/until.ts";
import { runtimeOf } from "./runtime.ts";
import { runningServer, temporaryDir } from "./support.ts";

type Post = (path: string, init: RequestInit) => Promise<Response>;

async function wranglers(): Promise<Post> {
  const command = ["npm", "start", "--"];
  const server = await runningServer({ stateDir: temporaryDir(), command });
  return (path, init) => server.fetch(path, init);
}

async function workerds(): Promise<Post> {
  const url = await runtimeOf(`
    export { default } from "./src/demo/worker.ts";
    export * from "./src/demo/worker.ts";
  `);
  return (path, init) => fetch(new URL(path, url), init);
}

const FORGED = { "X-AppEngine-QueueName": "sub", "x-cloudtasks-taskname": "evil" };
const GOOGLE = "/v2/projects/p/locations/l";
const override = (method: string) => ({ "X-HTTP-Method-Override": method });

/** Path, headers and how often; the most where a header is taken away, which is where servers have died. */
const DOORS: [path: string, headers: Record<string, string>, count: number][] = [
  ["/mine", FORGED, 300],
  ["/", { "X-Google-Internal": "1" }, 25],
  ["/_ah/mine", { "X-TaskQueue-Group": "g" }, 25],
  ["/_ah/queue/sub", FORGED, 25],
  ["/_ah/api/queues/sub:resume", FORGED, 25],
  ["/_ah/api/queues/none:pause", {}, 25],
  ["/_ah/api/cron/none:run", {}, 25],
  [`${GOOGLE}/queues/none:pause`, {}, 25],
  [`${GOOGLE}/queues/none`, override("DELETE"), 25],
  [`${GOOGLE}/queues/none/tasks/t`, override("DELETE"), 25],
  [`${GOOGLE}/nothing`, override("PATCH"), 25],
  ["/projects/p/locations/l/queues/none:resume", override("PUT"), 25],
];

/** Small ones end with the header block, large ones are still on their way when the answer is there. */
const SIZES = [0, 1, 1000, 65_536, 300_000];

// workerd alone hangs up on a client that is still sending when it is answered, whether copied or not; wrangler's
// proxy, in front of it, does not.
it.each([
  ["npm start", wranglers, []],
  ["raw workerd", workerds, ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]],
])("%s survives bodies that nobody reads", async (_, start, mayBreak) => {
  const post = await start();
  for (const [path, headers, count] of DOORS) {
    for (let i = 0; i < count; i++) {
      const body = "x".repeat(SIZES[i % SIZES.length] as number);
      const all = { "Content-Type": "text/plain", ...headers };
      const said = await statusOf(post(path, { method: "POST", headers: all, body }));
      const isFine = typeof said === "number" ? said < 500 : mayBreak.includes(said);
      expect(isFine, `${path}, ${body.length} bytes, request ${i}: ${said}`).toBe(true);
    }
    // A connection that was broken may be tried once more.
    await until(`an answer after ${path}`, 5, async () => (await statusOf(post("/", {}))) === 200);
  }
});

/** The status, or the code of what went wrong. */
async function statusOf(answer: Promise<Response>): Promise<number | string> {
  try {
    const response = await answer;
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return cause?.code ?? String(error);
  }
}
