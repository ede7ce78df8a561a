// Page tokens belong to the list that gave them out.
import { beforeAll, describe, expect, it } from "vitest";
import {
  createQueue,
  type Json,
  ok,
  PLACE,
  queueName,
  refused,
} from "../../support/cloud-tasks.ts";
import { freshStart, queue } from "../../support/time.ts";

const tokens: Record<"queues" | "running" | "q1" | "q2", string> = {
  ...{ queues: "", running: "", q1: "", q2: "" },
};

const QUEUES = `${PLACE}/queues`;
const tasksOf = (id: string) => `${queueName(id)}/tasks`;

beforeAll(async () => {
  await freshStart();
  for (const id of ["q1", "q2"]) {
    await createQueue(id);
    await queue(id).add(
      Array.from({ length: 3 }, (_, i) => ({ name: `t${i}`, countdown: 60 + i })),
    );
    tokens[id as "q1"] = (await ok("GET", `/v2/${tasksOf(id)}?pageSize=1`)).nextPageToken;
  }
  tokens.queues = (await ok("GET", `/v2/${QUEUES}?pageSize=1`)).nextPageToken;
  tokens.running = (await ok("GET", `/v2/${QUEUES}?pageSize=1&filter=state:RUNNING`)).nextPageToken;
});

describe.each(["v2", "v2beta2", "v2beta3"])("in %s", (version) => {
  it("a list of tasks goes on where its token says, and ends", async () => {
    const found: string[] = [];
    for (let token = "", pages = 0; pages === 0 || token; pages++) {
      expect(pages).toBeLessThan(5);
      const path = `/${version}/${tasksOf("q1")}?pageSize=1&pageToken=${token}`;
      const page = await ok("GET", path);
      found.push(...page.tasks.map(({ name }: Json) => name.split("/").at(-1)));
      token = page.nextPageToken ?? "";
    }
    expect(found).toEqual(["t0", "t1", "t2"]);
  });

  it("a token of one version is good in another", async () => {
    const { tasks } = await ok("GET", `/${version}/${tasksOf("q1")}?page_token=${tokens.q1}`);
    expect(tasks).toHaveLength(2);
  });
});

const changed = (token: string) =>
  `${token.slice(0, -2)}${token.at(-2) === "A" ? "B" : "A"}${token.at(-1)}`;
const made = (...parts: unknown[]) => btoa(JSON.stringify(parts)).replace(/=+$/, "");

it.each<[string, path: string, token: () => string]>([
  ["text for tasks", tasksOf("q1"), () => "zzz"],
  ["a number for tasks", tasksOf("q1"), () => "1"],
  ["a native cursor for tasks", tasksOf("q1"), () => "kg0t3b2o"],
  ["another queue's", tasksOf("q1"), () => tokens.q2],
  ["another project's", tasksOf("q1").replace("p1", "p2"), () => tokens.q1],
  ["the list of queues' for tasks", tasksOf("q1"), () => tokens.queues],
  ["tasks' for the list of queues", QUEUES, () => tokens.q1],
  ["a filtered list's for all queues", QUEUES, () => tokens.running],
  ["the whole list's for a filtered one", `${QUEUES}?filter=state:RUNNING`, () => tokens.queues],
  ["another filter's", `${QUEUES}?filter=state:PAUSED`, () => tokens.running],
  ["another location's", QUEUES.replace("us-central1", "europe-west1"), () => tokens.queues],
  ["one with a byte changed", tasksOf("q1"), () => changed(tokens.q1)],
  ["one cut short", tasksOf("q1"), () => tokens.q1.slice(0, -3)],
  ["one with padding", tasksOf("q1"), () => `${tokens.q1}==`],
  ["one with more in it", tasksOf("q1"), () => made("tasks", queueName("q1"), "", "1", "2")],
  ["one with a number in it", tasksOf("q1"), () => made("tasks", queueName("q1"), "", 5)],
  ["one with no cursor in it", tasksOf("q1"), () => made("tasks", queueName("q1"), "", "-!-")],
  ["JSON of no list", tasksOf("q1"), () => btoa("{}")],
  ["bytes", tasksOf("q1"), () => "%FF%FE"],
  ["any for locations", "projects/p1/locations", () => tokens.q1],
])("refuses %s", async (_, path, token) => {
  const query = `${path.includes("?") ? "&" : "?"}pageToken=${token()}`;
  for (const version of ["v2", "v2beta2", "v2beta3"]) {
    const [status, name, message] = await refused("GET", `/${version}/${path}${query}`);
    expect([status, name]).toEqual([400, "INVALID_ARGUMENT"]);
    expect(message).toMatch(/^(Invalid page_token|cursor: found "-!-")/);
  }
});
