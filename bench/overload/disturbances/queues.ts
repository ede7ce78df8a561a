import { request } from "node:http";
import { type Disturbance, type Field, paced, timed } from "../disturbance.ts";

/** Made a few at a time. */
const AT_ONCE = 8;

async function make(field: Field, n: number): Promise<void> {
  let next = 0;
  const one = async () => {
    for (let i = next++; i < n; i = next++) {
      const entry = { name: `q-${i}`, rate: "1/s" };
      await field.ask("PUT", `/_ah/api/queues/q-${i}`, entry);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** How many queues the lists have, page by page, and how long the slowest page took. */
async function list(field: Field): Promise<{ queues: number; ms: number }> {
  let [queues, ms] = [0, 0];
  for (let cursor: string | undefined, first = true; first || cursor; first = false) {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    let page: { queues: unknown[]; cursor?: string } = { queues: [] };
    const took = await timed(async () => {
      page = await field.ask("GET", `/_ah/api/queues${query}`);
    });
    [queues, ms, cursor] = [queues + page.queues.length, Math.max(ms, took), page.cursor];
  }
  return { queues, ms };
}

/** How many events somebody who watches gets in so many seconds. */
function events(field: Field, seconds: number): Promise<number> {
  return new Promise((resolve) => {
    let got = 0;
    const options = { host: "127.0.0.1", port: field.port, path: "/_ah/api/events", agent: false };
    const sent = request(options, (response) => {
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        got += text.match(/^(event|):/gm)?.length ?? 0;
      });
      response.on("error", () => {});
    });
    sent.on("error", () => {});
    sent.end();
    setTimeout(() => {
      sent.destroy();
      resolve(got);
    }, seconds * 1000);
  });
}

export const QUEUES: Disturbance = {
  what: "5,000 queues made here, listed once a second",
  async prepare(field) {
    field.kept.set("own", (await list(field)).queues);
    await make(field, field.size(5000, 300));
  },
  slice: (field, signal) => paced(1, signal, () => list(field)),
  async facts(field) {
    const { queues, ms } = await list(field);
    const missing = field.size(5000, 300) + (field.kept.get("own") ?? 0) - queues;
    return [
      { what: "queues that no page lists", value: missing, unit: "", most: 0 },
      { what: "the slowest page", value: ms, unit: "ms", most: 300 },
      // The first, and at least a comment.
      {
        what: "watchers whose stream ended",
        value: (await events(field, 12)) < 2 ? 1 : 0,
        unit: "",
        most: 0,
      },
    ];
  },
};
