// Limits that queues share, as queue.yaml and an entry by PUT have them.
import { describe, expect, it } from "vitest";
import { changesOf } from "../../../src/core/config/config-changes.ts";
import { entryOf, type QueueConfig } from "../../../src/core/config/queue-config.ts";
import { parseQueueEntry } from "../../../src/core/config/queue-entry.ts";
import { queueWarnings } from "../../../src/core/config/queue-warnings.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { QueueConfigError } from "../../../src/core/config/yaml-document.ts";

const QUEUE = "queue: [{ name: q, rate: 5/s }]\n";
const RATE = "a number above 0 per s, m, h or d such as 90/s";
const NAME = "a limit's name, 1 to 100 letters, digits and hyphens";
const THERE = "a limit that extensions.limits at the top of queue.yaml has";

/** A file whose limits are given in flow form. */
function withLimits(limits: string, queue = QUEUE): string {
  return `${queue}extensions:\n  limits: ${limits}\n`;
}

function faultsOf(text: string): readonly string[] {
  try {
    parseQueueYaml(text);
    return [];
  } catch (error) {
    if (error instanceof QueueConfigError) return error.message.split("\n");
    throw error;
  }
}

describe("the limits of a file", () => {
  it.each<[string, object]>([
    [
      "{ rate: 90/s, bucket_size: 10, max_concurrent_requests: 20 }",
      { rate: 90, rateText: "90/s", bucketSize: 10, maxConcurrentRequests: 20 },
    ],
    [
      "{ rate: 30/m }",
      { rate: 0.5, rateText: "30/m", bucketSize: 5, maxConcurrentRequests: Infinity },
    ],
    ["{ rate: 2000/s, bucket_size: 6000 }", { rate: 2000, bucketSize: 6000 }],
    [
      "{ max_concurrent_requests: 1 }",
      { rate: Infinity, rateText: "", bucketSize: 5, maxConcurrentRequests: 1 },
    ],
  ])("%s", (limit, expected) => {
    const { limits } = parseQueueYaml(withLimits(`{ stripe: ${limit} }`));
    expect(limits?.get("stripe")).toMatchObject({ name: "stripe", ...expected });
  });

  it("are none where the file has none", () => {
    expect(parseQueueYaml(QUEUE).limits).toBeUndefined();
  });

  it.each<[string, string]>([
    [
      "{ stripe: { rate: 0/s } }",
      `3:29: extensions.limits.stripe.rate: found "0/s", expected ${RATE}`,
    ],
    ["{ stripe: { rate: 0 } }", `3:29: extensions.limits.stripe.rate: found "0", expected ${RATE}`],
    [
      "{ stripe: { rate: none } }",
      `3:29: extensions.limits.stripe.rate: found "none", expected ${RATE}`,
    ],
    ["{ stripe: { rate: 5 } }", `3:29: extensions.limits.stripe.rate: found "5", expected ${RATE}`],
    [
      "{ stripe: {} }",
      "3:21: extensions.limits.stripe: found an empty mapping, expected rate, max_concurrent_requests or both",
    ],
    ["{ stripe: 5 }", "3:21: extensions.limits.stripe: found 5, expected a mapping"],
    [
      "{ stripe: { rate: 5/s, bucket_size: 0 } }",
      "3:47: extensions.limits.stripe.bucket_size: found 0, expected a whole number, 1 or more",
    ],
    [
      "{ stripe: { rate: 5/s, max_concurrent_requests: 1.5 } }",
      "3:59: extensions.limits.stripe.max_concurrent_requests: found 1.5, expected a whole number, 1 or more",
    ],
    [
      "{ stripe: { max_concurrent_requests: 1, bucket_size: 3 } }",
      "3:64: extensions.limits.stripe.bucket_size: found 3, expected rate beside it",
    ],
    [
      "{ stripe: { rate: 5/s, burst: 3 } }",
      "3:34: extensions.limits.stripe.burst: found an unknown key, expected one of rate, bucket_size, max_concurrent_requests",
    ],
    [
      "{ a_b: { rate: 5/s } }",
      `3:13: extensions.limits.a_b: found an unknown key, expected ${NAME}`,
    ],
    [
      "[stripe]",
      "3:11: extensions.limits: found a list, expected a mapping of limits by their names, such as stripe: { rate: 90/s }",
    ],
  ])("refused: %s", (limits, expected) => {
    expect(faultsOf(withLimits(limits)).join("\n")).toContain(expected);
  });

  it("are all that the file has under extensions", () => {
    const faults = faultsOf(`${QUEUE}extensions: { shards: 4 }\n`).join("\n");
    expect(faults).toContain(
      "2:15: extensions.shards: found an unknown key, expected one of limits",
    );
  });
});

describe("a queue's limits", () => {
  const queueOf = (extensions: string, mode = "rate: 5/s") =>
    withLimits(
      "{ stripe: { rate: 90/s }, mail: { rate: 5/s } }",
      `queue:\n- name: q\n  ${mode}\n  extensions: { ${extensions} }\n`,
    );

  it.each<[string, readonly string[] | undefined]>([
    ["limits: [stripe]", ["stripe"]],
    ["limits: [stripe, mail]", ["mail", "stripe"]],
    ["limits: []", undefined],
    ["limits: [stripe], shards: 4", ["stripe"]],
    ["keep_failed: 1d", undefined],
  ])("%s", (extensions, expected) => {
    const config = parseQueueYaml(queueOf(extensions)).queues.get("q") as QueueConfig;
    expect(config.limits).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ["one that is not there", "limits: [stripe, paypal]", `[1]: found "paypal", expected ${THERE}`],
    ["one of every object", "limits: [constructor]", `[0]: found "constructor", expected ${THERE}`],
    ["one twice", "limits: [stripe, stripe]", '[1]: found "stripe", expected each limit once'],
    ["no name", 'limits: ["a b"]', `[0]: found "a b", expected ${NAME}`],
    ["no text", "limits: [5]", `[0]: found 5, expected ${NAME}`],
    ["no list", "limits: stripe", ': found "stripe", expected a list of names of limits'],
    [
      "too many",
      `limits: [${"stripe, ".repeat(11)}]`,
      ": found a list, expected at most 10 limits",
    ],
  ])("refused: %s", (_, extensions, expected) => {
    const faults = faultsOf(queueOf(extensions));
    expect(faults.join("\n")).toContain(`queue "q": extensions.limits${expected}`);
    expect(faults.join("\n")).toMatch(/queue\.yaml:4:\d+: /);
  });

  it("is for push queues", () => {
    const faults = faultsOf(queueOf("limits: [stripe]", "mode: pull")).join("\n");
    expect(faults).toContain(
      'queue.yaml:4:25: queue "q": extensions.limits: found a list, expected on push queues only',
    );
  });

  it.each<[string, object, RegExp | undefined]>([
    ["one of the file", { limits: ["stripe"] }, undefined],
    ["none", {}, undefined],
    [
      "one the file has not",
      { limits: ["paypal"] },
      /found "paypal" in extensions\.limits, expected a limit that/,
    ],
    ["one that is none", { limits: [7] }, /extensions\.limits\[0\]: found 7/],
  ])("made over the API may name %s", (_, extensions, refused) => {
    const file = { ...parseQueueYaml(queueOf("")), readEntry: parseQueueEntry };
    const { failure } = entryOf(file, { name: "made", rate: "5/s", extensions });
    if (refused) expect(failure).toMatchObject({ code: "INVALID_REQUEST" });
    expect(failure?.message ?? "").toMatch(refused ?? /^$/);
  });

  it("is told of where it has changed", () => {
    const [before, after] = ["keep_failed: 7d", "limits: [stripe]"].map(
      (it) => parseQueueYaml(queueOf(it)).queues.get("q") as QueueConfig,
    ) as [QueueConfig, QueueConfig];
    expect(changesOf(before, after)).toBe("limits none → stripe");
  });
});

describe("a limit's bucket that cannot carry its rate is warned of", () => {
  const queues = (n: number, more = "") =>
    `queue:\n${Array.from({ length: n }, (_, i) => `- { name: q${i}, rate: 5/s, extensions: { limits: [stripe]${more} } }\n`).join("")}`;

  it.each<[string, string, string, string[]]>([
    ["none that is large enough", "{ rate: 90/s, bucket_size: 10 }", queues(1), []],
    ["none without a rate", "{ max_concurrent_requests: 1 }", queues(1), []],
    [
      "one that is too small",
      "{ rate: 500/s, bucket_size: 2 }",
      queues(1),
      [
        "q.yaml:4:49: warning: extensions.limits.stripe.bucket_size: found 2, which carries about 57 % of 500/s where alarms come 5 ms late, expected at least 4",
      ],
    ],
    [
      "the default one",
      "{ rate: 2000/s }",
      queues(1),
      [
        "q.yaml:4:21: warning: extensions.limits.stripe.bucket_size: found 5, the default, which carries about 41 % of 2000/s where alarms come 5 ms late, expected at least 12",
      ],
    ],
    [
      "one for so many queues and shards",
      "{ rate: 90/s, bucket_size: 5 }",
      queues(2, ", shards: 4"),
      [
        expect.stringMatching(
          /found 5, which carries about \d+ % of 90\/s over 8 objects of queues/,
        ),
      ],
    ],
  ])("%s", (_, limit, file, expected) => {
    const text = withLimits(`{ stripe: ${limit} }`, file);
    expect(queueWarnings(text, "q.yaml").filter((it) => it.includes("limits"))).toEqual(expected);
  });
});
