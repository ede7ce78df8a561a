// The jobs that wait in BullMQ, as lines for `durable-taskqueue add QUEUE --from -`:
//
//   npm install bullmq
//   node from-bullmq.mjs mail redis://127.0.0.1:6379 | npx durable-taskqueue add mail --from -
//
// Pause the queue there first (`queue.pause()`), and obliterate it there when all are here. Each gets a name made of its
// id, so that running it twice is safe. Its name there is the header X-Job-Name, its data the payload, as JSON.
import { Queue } from "bullmq";

const [name, url] = process.argv.slice(2);
if (!url) throw new Error("expected the queue and the url of Redis");
const { hostname: host, port, username, password } = new URL(url);
const connection = { host, port: Number(port || 6379), username, password };
const queue = new Queue(name, { connection });

// A page at a time; jobs that are moved from one list to another meanwhile have the same name.
const PAGE = 1000;
for (const state of ["waiting", "paused", "prioritized", "delayed"]) {
  for (let start = 0; ; start += PAGE) {
    const jobs = await queue.getJobs([state], start, start + PAGE - 1, true);
    for (const job of jobs) if (job) console.log(JSON.stringify(newTask(job)));
    if (jobs.length < PAGE) break;
  }
}
await queue.close();

function newTask({ id, name: jobName, data, timestamp, delay, opts }) {
  return {
    name: `bullmq-${name}-${id}`.replace(/[^A-Za-z0-9_-]/g, "_"),
    payload: data,
    headers: { "X-Job-Name": jobName },
    ...(delay > 0 && { eta: new Date(timestamp + delay).toISOString() }),
    // There 0 comes first, and 1 before 2,097,152; here are ten.
    ...(opts.priority > 0 && {
      priority: Math.min(9, 4 + Math.ceil(Math.log2(opts.priority + 1) / 4)),
    }),
    ...(opts.attempts > 1 && { retry: { limit: opts.attempts - 1 } }),
  };
}
