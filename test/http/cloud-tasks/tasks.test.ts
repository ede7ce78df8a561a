// Tasks by Google's API: what is accepted, refused and shown.
import { beforeEach, describe, expect, it } from "vitest";
import { toBase64 } from "../../../src/core/bytes.ts";
import { clock } from "../../support/clock.ts";
import {
  cloud,
  createQueue,
  createTask,
  ok,
  PLACE,
  queueName,
  refused,
} from "../../support/cloud-tasks.ts";
import { freshStart, pass, queue } from "../../support/time.ts";
import { received } from "../../support/worker.ts";

beforeEach(async () => {
  await freshStart();
  await createQueue("q1");
});

const TASKS = `/v2/${queueName("q1")}/tasks`;
const LATER = "2050-01-02T00:00:00Z";
const url = "https://example.com/hook";
const httpRequest = { url };
const ENDED =
  "The task no longer exists, though a task with this name existed recently. The task either successfully completed or was deleted.";

const nameOf = (id: string) => `${queueName("q1")}/tasks/${id}`;

describe("a new task", () => {
  it("has a name of the service's, its url, POST, and no attempt; it was made in a whole second", async () => {
    const wholeSecond = new Date(clock.now).toISOString();
    clock.now += 789;
    const task = await createTask("q1", { httpRequest, scheduleTime: LATER });
    expect(task).toEqual({
      name: expect.stringMatching(new RegExp(`^${nameOf("[A-Za-z0-9_-]{1,500}")}$`)),
      httpRequest: { url, httpMethod: "POST", headers: { "User-Agent": "Google-Cloud-Tasks" } },
      scheduleTime: "2050-01-02T00:00:00.000Z",
      createTime: wholeSecond,
      dispatchDeadline: "600s",
      dispatchCount: 0,
      responseCount: 0,
      view: "BASIC",
    });
  });

  it("takes enums as numbers and as names, and answers in names", async () => {
    const numbers = { httpRequest: { url, httpMethod: 4 }, scheduleTime: LATER };
    const created = await createTask("q1", numbers, { responseView: 2 });
    expect(created).toMatchObject({ httpRequest: { httpMethod: "PUT" }, view: "FULL" });
    const named = await createTask("q1", { httpRequest: { url, httpMethod: "PATCH" } });
    expect(named.httpRequest.httpMethod).toBe("PATCH");
  });

  it("answers in numbers where that is asked for", async () => {
    const int = "$alt=json%3Benum-encoding=int";
    const task = { httpRequest: { url, httpMethod: 7 }, scheduleTime: LATER };
    const created = await ok("POST", `${TASKS}?${int}`, { task, responseView: 2 });
    expect([created.httpRequest.httpMethod, created.view]).toEqual([7, 2]);
    expect((await ok("GET", `/v2/${queueName("q1")}?${int}`)).state).toBe(1);
    const list = await ok("GET", `${TASKS}?alt=json;enum-encoding=int&responseView=2`);
    expect(list.tasks[0].view).toBe(2);
  });

  it("has all its bytes back, in whichever base64 they came", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const standard = toBase64(bytes);
    const urlSafe = standard.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    for (const [id, body] of Object.entries({ standard, urlSafe })) {
      const task = { name: nameOf(id), httpRequest: { url, body }, scheduleTime: LATER };
      const created = await createTask("q1", task, { responseView: "FULL" });
      expect(created.httpRequest.body).toBe(standard);
      const seen = await ok("GET", `/v2/${nameOf(id)}?responseView=FULL`);
      expect(seen.httpRequest.body).toBe(standard);
    }
  });

  it("shows its body where that is asked for, and its headers always", async () => {
    const headers = { "X-Mixed-Case": "kept", "user-agent": "mine" };
    const task = { name: nameOf("t"), httpRequest: { url, headers, body: "eA==" } };
    const shown = { "X-Mixed-Case": "kept", "User-Agent": "Google-Cloud-Tasks" };
    await ok("POST", `/v2/${queueName("q1")}:pause`);
    const basic = [
      await createTask("q1", task),
      await ok("GET", `/v2/${nameOf("t")}`),
      (await ok("GET", TASKS)).tasks[0],
    ];
    for (const one of basic) {
      expect(one.httpRequest).toEqual({ url, httpMethod: "POST", headers: shown });
      expect(one.view).toBe("BASIC");
    }
    for (const one of [
      await ok("GET", `/v2/${nameOf("t")}?responseView=2`),
      (await ok("GET", `${TASKS}?responseView=FULL`)).tasks[0],
    ]) {
      expect(one.httpRequest).toEqual({ url, httpMethod: "POST", headers: shown, body: "eA==" });
    }
  });

  it("shows an App Engine task with the headers that it will have", async () => {
    const appEngineHttpRequest = { relativeUri: "/work", body: toBase64(new Uint8Array(5)) };
    const task = await createTask("q1", { appEngineHttpRequest, scheduleTime: LATER });
    expect(task.appEngineHttpRequest).toEqual({
      relativeUri: "/work",
      httpMethod: "POST",
      headers: {
        "User-Agent": "AppEngine-Google; (+http://code.google.com/appengine)",
        "Content-Type": "application/octet-stream",
        "Content-Length": "5",
      },
      appEngineRouting: { host: "p1.appspot.com" },
    });
    const typed = { ...appEngineHttpRequest, headers: { "content-type": "text/x" } };
    const { headers } = (await createTask("q1", { appEngineHttpRequest: typed }))
      .appEngineHttpRequest;
    expect(
      Object.keys(headers)
        .map((name) => name.toLowerCase())
        .sort(),
    ).toEqual(["content-length", "content-type", "user-agent"]);
  });

  it.each([
    [{}, "p1.appspot.com"],
    [{ service: "s" }, "s-dot-p1.appspot.com"],
    [{ service: "s", version: "v" }, "v-dot-s-dot-p1.appspot.com"],
    [{ service: "s", version: "v", instance: "i" }, "i-dot-v-dot-s-dot-p1.appspot.com"],
    [{ version: "v" }, "v-dot-p1.appspot.com"],
  ])("routed to %j has the host %s", async (appEngineRouting, host) => {
    const appEngineHttpRequest = { relativeUri: "/work", appEngineRouting };
    const task = await createTask("q1", { appEngineHttpRequest, scheduleTime: LATER });
    expect(task.appEngineHttpRequest.appEngineRouting).toMatchObject({ ...appEngineRouting, host });
  });

  it("takes null and empty values for not set, and snake_case for its names", async () => {
    const task = {
      name: null,
      http_request: { url, headers: {}, body: null, oidcToken: null },
      schedule_time: LATER,
      dispatch_deadline: null,
    };
    expect(await createTask("q1", task)).toMatchObject({ httpRequest: { url } });
  });

  it("takes times with 0, 3, 6 and 9 digits and with an offset", async () => {
    for (const [given, shown] of [
      ["2050-01-02T00:00:00Z", "2050-01-02T00:00:00.000Z"],
      ["2050-01-02T00:00:00.123Z", "2050-01-02T00:00:00.123Z"],
      ["2050-01-02T00:00:00.123000Z", "2050-01-02T00:00:00.123Z"],
      ["2050-01-02T00:00:00.123456Z", "2050-01-02T00:00:00.124Z"],
      ["2050-01-02T00:00:00.123000001Z", "2050-01-02T00:00:00.124Z"],
      ["2050-01-02T01:00:00+01:00", "2050-01-02T00:00:00.000Z"],
    ]) {
      expect((await createTask("q1", { httpRequest, scheduleTime: given })).scheduleTime).toBe(
        shown,
      );
    }
    const past = await createTask("q1", { httpRequest, scheduleTime: "2001-01-01T00:00:00Z" });
    expect(Date.parse(past.scheduleTime)).toBe(clock.now);
  });

  it("may have a url with a bad escape, as Google's", async () => {
    const bad = { httpRequest: { url: "http://example.com/%zz" } };
    expect((await createTask("q1", bad)).httpRequest.url).toBe("http://example.com/%zz");
  });

  it.each<[string, object, string]>([
    ["no url", { httpRequest: {} }, "HttpRequest.url is required."],
    [
      "a url without a scheme",
      { httpRequest: { url: "example.com" } },
      "HttpTarget.url must start with 'http://' or 'https://'.",
    ],
    [
      "an ftp url",
      { httpRequest: { url: "ftp://example.com" } },
      "HttpTarget.url must start with 'http://' or 'https://'.",
    ],
    [
      "a GET with a body",
      { httpRequest: { url, httpMethod: "GET", body: "eA==" } },
      "HttpRequest.body: a GET request has no body; only POST, PUT, PATCH carry one.",
    ],
    [
      "nowhere to go",
      { scheduleTime: LATER },
      "Task: exactly one of httpRequest, appEngineHttpRequest and pullMessage must be set.",
    ],
    [
      "two ways to go",
      { httpRequest, appEngineHttpRequest: {} },
      "Task: exactly one of httpRequest, appEngineHttpRequest and pullMessage must be set.",
    ],
    [
      "a short deadline",
      { httpRequest, dispatchDeadline: "14s" },
      "Task.dispatchDeadline must be between [15s, 30m].",
    ],
    [
      "a long deadline",
      { httpRequest, dispatchDeadline: "1801s" },
      "Task.dispatchDeadline must be between [15s, 30m].",
    ],
    [
      "a long deadline of App Engine's",
      { appEngineHttpRequest: {}, dispatchDeadline: "86416s" },
      "Task.dispatchDeadline must be between [15s, 24h15s].",
    ],
    [
      "a time too far ahead",
      { httpRequest, scheduleTime: "2050-02-01T00:00:00Z" },
      "The Task.scheduleTime, 2050-02-01T00:00:00.000Z, is too far in the future. Schedule time must be no more than 720h in the future.",
    ],
    [
      "an id with blanks",
      { name: nameOf("a b"), httpRequest },
      'Task ID "a b" can contain only letters ([A-Za-z]), numbers ([0-9]), hyphens (-), or underscores (_). Task ID must between 1 and 500 characters.',
    ],
    [
      "an id for a name",
      { name: "is-this-a-name", httpRequest },
      'Task name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>/tasks/<TASK_ID>".',
    ],
    [
      "a name of another queue",
      { name: `${queueName("q2")}/tasks/t`, httpRequest },
      `The queue name from request ('${queueName("q1")}') must be the same as the queue name in the named task ('${queueName("q2")}').`,
    ],
    [
      "an unknown field",
      { httpRequest: { url, verb: "POST" } },
      `Invalid JSON payload received. Unknown name "verb" at 'task.httpRequest': Cannot find field.`,
    ],
    [
      "an unknown method",
      { httpRequest: { url, httpMethod: "TRACE" } },
      `Invalid value at 'task.httpRequest.httpMethod': found "TRACE", expected POST, GET, HEAD, PUT, DELETE, PATCH, OPTIONS`,
    ],
    [
      "a body that is no base64",
      { httpRequest: { url, body: "!" } },
      `Invalid value at 'task.httpRequest.body': found "!", expected base64`,
    ],
    [
      "a relative uri without a slash",
      { appEngineHttpRequest: { relativeUri: "work" } },
      'AppEngineHttpRequest.relativeUri: found "work", expected a path that begins with "/" and has no spaces.',
    ],
    [
      "a pull task's message",
      { pullMessage: { payload: "eA==" } },
      'method: found "PULL", expected no pull task on the push queue "q1"',
    ],
  ])("is refused with %s, and takes no name", async (_, task, message) => {
    const given = { name: nameOf("t"), ...task };
    const expected = "pullMessage" in task ? "FAILED_PRECONDITION" : "INVALID_ARGUMENT";
    expect(await refused("POST", TASKS, { task: given })).toEqual([400, expected, message]);
    expect(await ok("GET", TASKS)).toEqual({ tasks: [] });
    expect(await createTask("q1", { name: nameOf("t"), httpRequest })).toBeTruthy();
  });

  it("says of a bad name where to read about names", async () => {
    const [, { error }] = await cloud("POST", TASKS, {
      task: { name: nameOf("a b"), httpRequest },
    });
    expect(error.details).toMatchObject([{ "@type": "type.googleapis.com/google.rpc.Help" }]);
  });

  it("may have deadlines of 15 s, 30 min, and of App Engine 24 h and 15 s", async () => {
    for (const dispatchDeadline of ["15s", "1800s"]) {
      const task = await createTask("q1", { httpRequest, dispatchDeadline });
      expect(task.dispatchDeadline).toBe(dispatchDeadline);
    }
    const long = { appEngineHttpRequest: {}, dispatchDeadline: "86415s" };
    expect((await createTask("q1", long)).dispatchDeadline).toBe("86415s");
  });

  it("may be as large as the service's largest, and no larger", async () => {
    const room = 1_048_569 - url.length - "POST".length;
    const task = (size: number) => ({
      httpRequest: { url, body: toBase64(new Uint8Array(size)) },
      scheduleTime: LATER,
    });
    expect(await refused("POST", TASKS, { task: task(room + 1) })).toEqual([
      400,
      "INVALID_ARGUMENT",
      "Task size too large",
    ]);
    expect(await createTask("q1", task(room))).toBeTruthy();
  });

  it("is refused an access token that only Google could give", async () => {
    const task = { httpRequest: { url, oauthToken: { serviceAccountEmail: "a@b.c" } } };
    expect((await refused("POST", TASKS, { task })).slice(0, 2)).toEqual([501, "UNIMPLEMENTED"]);
  });
});

describe("a name", () => {
  const named = { name: nameOf("t"), appEngineHttpRequest: {} };
  const exists = [409, "ALREADY_EXISTS", "Requested entity already exists"];

  it("is taken while its task lives, and free on another queue", async () => {
    await createTask("q1", { ...named, scheduleTime: LATER });
    expect(await refused("POST", TASKS, { task: named })).toEqual(exists);
    await createQueue("q2");
    const other = { name: `${queueName("q2")}/tasks/t`, appEngineHttpRequest: {} };
    expect(await createTask("q2", other)).toMatchObject({ name: other.name });
  });

  it("is taken for an hour after its task ran, once", async () => {
    await createTask("q1", named);
    await pass("q1", 1);
    expect(received).toHaveLength(1);
    expect(await refused("GET", `/v2/${nameOf("t")}`)).toEqual([404, "NOT_FOUND", ENDED]);
    expect(await refused("POST", TASKS, { task: named })).toEqual(exists);
    await pass("q1", 3600);
    expect(received).toHaveLength(1);
    expect(await createTask("q1", named)).toMatchObject({ name: nameOf("t") });
  });

  it("is taken as long as its queue's tombstoneTtl says", async () => {
    const queue2 = { name: queueName("q2"), tombstoneTtl: "7200s" };
    await ok("POST", `/v2beta3/${PLACE}/queues`, queue2);
    const task = { name: `${queueName("q2")}/tasks/t`, appEngineHttpRequest: {} };
    await createTask("q2", task);
    await pass("q2", 7199);
    expect(await refused("POST", `/v2/${queueName("q2")}/tasks`, { task })).toEqual(exists);
    await pass("q2", 2);
    expect(await createTask("q2", task)).toMatchObject({ name: task.name });
  });

  it("is taken after its task was deleted", async () => {
    await createTask("q1", { ...named, scheduleTime: LATER });
    expect(await ok("DELETE", `/v2/${nameOf("t")}`)).toEqual({});
    expect(await refused("GET", `/v2/${nameOf("t")}`)).toEqual([404, "NOT_FOUND", ENDED]);
    expect(await refused("POST", TASKS, { task: named })).toEqual(exists);
    const notFound = [404, "NOT_FOUND", "Requested entity was not found."];
    expect(await refused("DELETE", `/v2/${nameOf("t")}`)).toEqual(notFound);
    expect(await refused("POST", `/v2/${nameOf("t")}:run`)).toEqual(notFound);
    expect(await refused("GET", `/v2/${nameOf("never")}`)).toEqual(notFound);
  });

  it("is taken after its task was purged", async () => {
    await createTask("q1", { ...named, scheduleTime: LATER });
    expect((await ok("POST", `/v2/${queueName("q1")}:purge`)).purgeTime).toMatch(/Z$/);
    expect(await ok("GET", TASKS)).toEqual({ tasks: [] });
    expect(await refused("POST", TASKS, { task: named })).toEqual(exists);
  });
});

describe("the list of tasks", () => {
  it("has each once, a page at a time, and ends", async () => {
    const ids = Array.from({ length: 7 }, (_, i) => `t${i}`);
    for (const id of ids) {
      await createTask("q1", { name: nameOf(id), httpRequest, scheduleTime: LATER });
    }
    const found: string[] = [];
    for (let token = "", pages = 0; pages === 0 || token; pages++) {
      expect(pages).toBeLessThan(6);
      const page = await ok("GET", `${TASKS}?pageSize=3&pageToken=${token}`);
      found.push(...page.tasks.map(({ name }: { name: string }) => name));
      token = page.nextPageToken ?? "";
    }
    expect(found.sort()).toEqual(ids.map(nameOf));
  });

  it("refuses a token that it did not give out, and a size below 0", async () => {
    for (const query of ["pageToken=%21", "pageSize=-1"]) {
      expect((await refused("GET", `${TASKS}?${query}`)).slice(0, 2)).toEqual([
        400,
        "INVALID_ARGUMENT",
      ]);
    }
  });

  it("shows tasks of the native API, too", async () => {
    await queue("q1").add({ name: "json", payload: { a: 1 }, countdown: 60 });
    await queue("q1").add({ name: "form", params: { a: "1" }, countdown: 60 });
    const { tasks } = await ok("GET", `${TASKS}?responseView=FULL`);
    const shown = tasks.map(({ appEngineHttpRequest: it }: { appEngineHttpRequest: Json }) => [
      it.relativeUri,
      it.headers["Content-Type"],
      atob(it.body),
    ]);
    expect(shown).toEqual([
      ["/_ah/queue/q1", "application/json", '{"a":1}'],
      ["/_ah/queue/q1", "application/x-www-form-urlencoded", "a=1"],
    ]);
  });
});

type Json = { relativeUri: string; headers: Record<string, string>; body: string };
