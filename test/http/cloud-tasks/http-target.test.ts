// A queue's httpTarget: what it overrides, what it clears, and what is refused where it is set.
import { beforeEach, describe, expect, it } from "vitest";
import {
  createQueue,
  createTask,
  ok,
  PLACE,
  queueName,
  refused,
} from "../../support/cloud-tasks.ts";
import { freshStart, pass } from "../../support/time.ts";
import { received } from "../../support/worker.ts";

beforeEach(freshStart);

const QUEUES = `/v2/${PLACE}/queues`;
const LATER = "2050-01-02T00:00:00Z";
const url = "https://a.example:81/p/x?q=1";

async function madeOf(httpTarget: object, httpRequest: object = { url }) {
  await createQueue("q1", { httpTarget });
  return createTask("q1", { httpRequest, scheduleTime: LATER }, { responseView: "FULL" });
}

describe("an override", () => {
  it.each<[object, string]>([
    [{ port: "0" }, "https://a.example/p/x?q=1"],
    [{ port: 0 }, "https://a.example/p/x?q=1"],
    [{ port: "8080" }, "https://a.example:8080/p/x?q=1"],
    [{ port: 443 }, "https://a.example/p/x?q=1"],
    [{ scheme: "HTTP", port: "0" }, "http://a.example/p/x?q=1"],
    [{ pathOverride: { path: "" } }, "https://a.example:81/?q=1"],
    [{ pathOverride: {} }, "https://a.example:81/?q=1"],
    [{ pathOverride: { path: "all/of it" } }, "https://a.example:81/all/of%20it?q=1"],
    [{ queryOverride: { queryParams: "" } }, "https://a.example:81/p/x"],
    [{ query_override: {} }, "https://a.example:81/p/x"],
    [{ queryOverride: { queryParams: "a=1&b=2" } }, "https://a.example:81/p/x?a=1&b=2"],
    [
      { port: 0, pathOverride: { path: "" }, queryOverride: { queryParams: "" } },
      "https://a.example/",
    ],
    [{ port: null, pathOverride: null, queryOverride: null }, url],
    [{ port: 0, uriOverrideEnforceMode: "IF_NOT_EXISTS" }, url],
  ])("%j makes the url %s, and is kept", async (uriOverride, expected) => {
    expect((await madeOf({ uriOverride })).httpRequest.url).toBe(expected);
    await ok("PATCH", `/v2/${queueName("q1")}?updateMask=rateLimits`, {});
    const again = await createTask("q1", { httpRequest: { url }, scheduleTime: LATER });
    expect(again.httpRequest.url).toBe(expected);
  });

  it.each(["v2", "v2beta2", "v2beta3"])(
    "has its port as text in %s, as int64 is",
    async (version) => {
      for (const [port, shown] of [
        [8080, "8080"],
        ["8080", "8080"],
        ["0", "0"],
        [0, "0"],
        ["65535", "65535"],
      ]) {
        const path = `/${version}/${queueName("q1")}`;
        const made = await ok("PATCH", path, { httpTarget: { uriOverride: { port } } });
        expect(made.httpTarget.uriOverride.port).toBe(shown);
        expect((await ok("GET", path)).httpTarget.uriOverride.port).toBe(shown);
      }
    },
  );

  it.each(["GET", "HEAD", "DELETE", "OPTIONS"])(
    "by %s leaves a task's body unsent",
    async (httpMethod) => {
      const body = btoa("x");
      const task = await madeOf({ httpMethod }, { url, body });
      expect(task.httpRequest).toMatchObject({ httpMethod, body });
      await createQueue("q2", { httpTarget: { httpMethod } });
      await ok("POST", `/${queueName("q2")}/tasks`, { task: { httpRequest: { url: "", body } } });
      await pass("q2", 1);
      expect(received).toMatchObject([{ method: httpMethod }]);
      expect(received[0]?.body ?? "").toHaveLength(0);
    },
  );

  it("does not save a task whose own method has no body", async () => {
    await createQueue("q1", { httpTarget: { httpMethod: "POST" } });
    const task = { httpRequest: { url, httpMethod: "GET", body: btoa("x") } };
    expect((await refused("POST", `/v2/${queueName("q1")}/tasks`, { task }))[1]).toBe(
      "INVALID_ARGUMENT",
    );
  });
});

describe("a queue", () => {
  it.each<[object, number, string]>([
    [{ oauthToken: { serviceAccountEmail: "a@b.c" } }, 501, "HttpTarget.oauthToken: only Google"],
    [{ oauthToken: {} }, 501, "HttpTarget.oauthToken: only Google"],
    [{ uriOverride: { port: -1 } }, 400, "UriOverride.port: found -1"],
    [{ uriOverride: { port: "65536" } }, 400, "UriOverride.port: found 65536"],
    [{ uriOverride: { port: "80.5" } }, 400, `found "80.5", expected a whole number`],
    [{ uriOverride: { port: "0x50" } }, 400, `found "0x50", expected a whole number`],
    [{ uriOverride: { port: "" } }, 400, `found "", expected a whole number`],
    [{ uriOverride: { port: "9223372036854775808" } }, 400, "expected a whole number"],
    [{ uriOverride: { host: "" } }, 400, `UriOverride.host: found "", expected a host name`],
    [{ uriOverride: { host: "b.example:80" } }, 400, "UriOverride.host"],
    [{ uriOverride: { host: "b.example/x" } }, 400, "UriOverride.host"],
    [{ uriOverride: { host: "user@b.example" } }, 400, "UriOverride.host"],
    [
      { headerOverrides: [{ header: { key: "X", value: "v".repeat(80 * 1024) } }] },
      400,
      "HttpTarget.headerOverrides: found 81921 bytes, expected less than 80KB.",
    ],
  ])("is not made with the httpTarget %j", async (httpTarget, status, message) => {
    const made = await refused("POST", QUEUES, { name: queueName("q1"), httpTarget });
    expect(made[0]).toBe(status);
    expect(made[2]).toContain(message);
    await createQueue("q1");
    const changed = await refused("PATCH", `/v2/${queueName("q1")}?updateMask=httpTarget`, {
      httpTarget,
    });
    expect(changed).toEqual(made);
  });
});

describe("headers", () => {
  const sized = (bytes: number, names = 1) => {
    const each = Math.floor(bytes / names);
    const rest = bytes - each * (names - 1);
    const value = (length: number, name: string) => "v".repeat(length - name.length);
    return Object.fromEntries(
      Array.from({ length: names }, (_, index) => {
        const name = `x-${index}`;
        return [name, value(index === 0 ? rest : each, name)];
      }),
    );
  };

  it.each<[string, object, object, boolean]>([
    ["under 80 KB in one", sized(81_919), {}, true],
    ["of 80 KB in one", sized(81_920), {}, false],
    ["over 80 KB in one", sized(90_000), {}, false],
    ["under 80 KB in many", sized(81_919, 50), {}, true],
    ["of 80 KB in many", sized(81_920, 50), {}, false],
    ["over it by bytes, not characters", { "x-1": "é".repeat(41_000) }, {}, false],
    ["of 80 KB with the queue's", sized(81_000), { key: "y", value: "v".repeat(919) }, false],
    ["under it with the queue's", sized(81_000), { key: "y", value: "v".repeat(918) }, true],
    [
      "of which the queue's takes the largest away",
      sized(90_000),
      { key: "X-0", value: "v" },
      true,
    ],
    ["none", {}, {}, true],
  ])("%s", async (_, headers, header, isFine) => {
    const overrides = Object.keys(header).length > 0 ? [{ header }] : [];
    await createQueue("q1", { httpTarget: { headerOverrides: overrides } });
    const task = { httpRequest: { url, headers }, scheduleTime: LATER };
    if (isFine) expect(await createTask("q1", task)).toBeTruthy();
    else {
      const refusal = await refused("POST", `/v2/${queueName("q1")}/tasks`, { task });
      expect(refusal.slice(0, 2)).toEqual([400, "INVALID_ARGUMENT"]);
      expect(refusal[2]).toContain("HttpRequest.headers: found ");
    }
  });

  it("of App Engine's tasks have only the limit of a task", async () => {
    await createQueue("q1");
    const headers = sized(200_000);
    expect(await createTask("q1", { appEngineHttpRequest: { headers } })).toBeTruthy();
  });
});
