// POST /_ah/api/plan: the forms of its body, what is wrong with a file, and what runs being held against it.
import { beforeEach, describe, expect, it } from "vitest";
import { compiledFiles } from "../../../src/core/config/files.ts";
import { readQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { send } from "../../support/bytes.ts";
import { call } from "../../support/http.ts";
import queueYaml from "../../support/queue.yaml";
import { freshStart, queue, takeOutOfFile } from "../../support/time.ts";

beforeEach(freshStart);

const PLAN = "/_ah/api/plan";
const JSON_TYPE = { "Content-Type": "application/json" };
const YAML_TYPE = { "Content-Type": "application/yaml" };
const EMPTY = { lost: false, file: [], limits: [], queues: [] };

const asJson = (files: object) => send("POST", PLAN, JSON.stringify(files), JSON_TYPE);
const asYaml = (text: string) => send("POST", PLAN, text, YAML_TYPE);

describe("the file that runs changes nothing", () => {
  it.each<[string, () => ReturnType<typeof send>]>([
    ["as YAML", () => asYaml(queueYaml)],
    ["as text", () => send("POST", PLAN, queueYaml, { "Content-Type": "text/plain" })],
    ["without a type", () => send("POST", PLAN, queueYaml)],
    ["in JSON", () => asJson({ queue: queueYaml })],
    ["compiled", () => asJson(compiledFiles(readQueueYaml(queueYaml)))],
  ])("%s", async (_, ask) => {
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body).toMatchObject(EMPTY);
    expect(body).not.toHaveProperty("cron");
  });

  it("with a cron.yaml, its entries are told", async () => {
    const cron = "cron: [{url: /tally, schedule: every 5 mins, extensions: {name: tally}}]";
    const { body } = await asJson({ queue: queueYaml, cron });
    expect(body.cron).toMatchObject([{ name: "tally", change: "new", lost: false }]);
  });
});

describe("what is wrong", () => {
  it("with queue.yaml is told with line and column, all at once", async () => {
    const { status, body } = await asYaml("queue:\n- name: a\n  rate: 5/w\n  colour: red\n");
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringMatching(/^queue\.yaml:3:9: queue "a": rate: found "5\/w"/),
      details: [
        { file: "queue.yaml", line: 3, column: 9 },
        { file: "queue.yaml", line: 4, column: 3 },
      ],
    });
  });

  it("with cron.yaml likewise", async () => {
    const cron = "cron:\n- url: /a\n  schedule: every 5 weeks\n";
    const { status, body } = await asJson({ queue: queueYaml, cron });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ details: [{ file: "cron.yaml", line: 3 }] });
  });

  it.each<[string, object, RegExp]>([
    ["no queue", {}, /^queue: found undefined, expected the text of queue\.yaml/],
    ["another field", { queue: "queue:", colour: "red" }, /^body: found "colour"/],
    ["a queue that is no text", { queue: [] }, /^queue: found \[\], expected the text/],
    ["a cron that is no text", { queue: "queue:", cron: 1 }, /^cron: found 1, expected the text/],
  ])("with the body: %s", async (_, body, message) => {
    const { status, body: answer } = await asJson(body);
    expect([status, answer.error.code]).toEqual([400, "INVALID_REQUEST"]);
    expect(answer.error.message).toMatch(message);
  });
});

it.each<[string, object, RegExp]>([
  ["another format", { format: 2, queue: {} }, /^format: found 2/],
  ["no queues", { format: 1 }, /found nothing|found undefined|expected/],
  [
    "a bad entry",
    { format: 1, queue: { queue: [{ name: "a", rate: "5/w" }] } },
    /^queue\.yaml: queue "a": rate: found "5\/w"/,
  ],
  ["another field", { format: 1, queue: { queue: [] }, colour: 1 }, /^body: found "colour"/],
  [
    "a cron without a queue",
    {
      format: 1,
      queue: { queue: [] },
      cron: { cron: [{ url: "/a", schedule: "every 5 mins", extensions: { queue: "x" } }] },
    },
    /^cron\.yaml: .*found "x", expected a push queue/,
  ],
])("what was compiled is checked: %s", async (_, files, message) => {
  const { status, body } = await asJson(files);
  expect([status, body.error.code]).toEqual([400, "INVALID_REQUEST"]);
  expect(body.error.message).toMatch(message);
});

const only = (...entries: string[]) => `queue: [${entries.join()}]`;

it("a queue that goes and has tasks stops them", async () => {
  await queue("stopped").add([{}, {}]);
  const { body } = await asYaml(only("{name: push, rate: 500/s, bucket_size: 500}"));
  expect(body.lost).toBe(true);
  expect(body.queues).toContainEqual(
    expect.objectContaining({
      ...{ name: "stopped", change: "removed" },
      effects: [expect.objectContaining({ kind: "stops", lost: true, tasks: 2 })],
    }),
  );
});

it("a queue made over the API is left alone, until the file names it", async () => {
  await call("PUT", "/queues/made", { rate: "3/s" });
  const { body: before } = await asYaml(queueYaml);
  expect(before).toMatchObject({ ...EMPTY, untouched: 1 });
  const { body: after } = await asYaml(`${queueYaml}\n  - name: made\n    rate: 4/s\n`);
  expect(after.queues).toMatchObject([
    { name: "made", change: "taken", changes: [{ key: "rate", before: "3/s", after: "4/s" }] },
  ]);
});

it("a queue that was taken out of the file comes back", async () => {
  await takeOutOfFile("former", [{}]);
  const { body } = await asYaml(`${queueYaml}\n  - name: former\n    rate: 5/s\n`);
  expect(body.queues).toMatchObject([
    { name: "former", change: "returns", effects: [{ kind: "starts", tasks: 1 }] },
  ]);
});
