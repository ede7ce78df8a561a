// The tasks that wait on a queue of Google Cloud Tasks, as lines for `durable-taskqueue add QUEUE --from -`:
//
//   npm install @google-cloud/tasks
//   node from-cloud-tasks.mjs projects/P/locations/L/queues/mail | npx durable-taskqueue add mail --from -
//
// Pause the queue there first, and purge it there when all are here. Names stay, so that running it twice is safe.
import { CloudTasksClient } from "@google-cloud/tasks";

const [parent] = process.argv.slice(2);
if (!parent) throw new Error("expected the queue: projects/P/locations/L/queues/Q");

// For another address than Google's, such as http://127.0.0.1:8787.
const other = process.env.CLOUD_TASKS_URL && new URL(process.env.CLOUD_TASKS_URL);
const { PassThroughClient } = other ? await import("google-auth-library") : {};
const client = new CloudTasksClient(
  other && {
    ...{ fallback: "rest", apiEndpoint: other.hostname, port: Number(other.port) },
    ...{ protocol: other.protocol.slice(0, -1), authClient: new PassThroughClient() },
  },
);

for await (const task of client.listTasksAsync({ parent, responseView: "FULL" })) {
  console.log(JSON.stringify(newTask(task)));
}

function newTask({ name, scheduleTime, dispatchDeadline, httpRequest, appEngineHttpRequest }) {
  const request = httpRequest ?? appEngineHttpRequest;
  const { body, httpMethod, headers } = request;
  return {
    name: name.slice(name.lastIndexOf("/") + 1),
    url: httpRequest?.url ?? appEngineHttpRequest.relativeUri,
    method: httpMethod,
    headers: ownHeaders(headers),
    ...(body?.length > 0 && { payloadBase64: Buffer.from(body).toString("base64") }),
    eta: new Date(Number(scheduleTime.seconds) * 1000 + scheduleTime.nanos / 1e6).toISOString(),
    ...(dispatchDeadline && { dispatchDeadline: Number(dispatchDeadline.seconds) }),
  };
}

// Google sets those of its own anew.
function ownHeaders(headers) {
  const isOwn = ([name]) =>
    !/^(user-agent|content-length|x-(google|cloudtasks|appengine)-)/i.test(name);
  return Object.fromEntries(Object.entries(headers ?? {}).filter(isOwn));
}
