// Values of every kind for every number of a queue, by the file and as JSON (PUT of a queue): taken by both or
// refused by both, in the same words.
import { describe, expect, it } from "vitest";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import { parseQueueEntry } from "../../../src/core/config/queue-entry.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { QueueConfigError } from "../../../src/core/config/yaml-document.ts";

type Keys = Record<string, unknown>;

/** What both say, or both make of it. */
function both(keys: Keys): string | QueueConfig | undefined {
  const entry = { name: "q", ...keys };
  const { ok, failure } = parseQueueEntry(entry);
  const asJson = failure?.message ?? ok;
  expect(unquoted(inFile(entry))).toEqual(unquoted(asJson));
  return asJson;
}

// What is text to App Engine is text in a file, though YAML sees a number.
function unquoted(said: string | QueueConfig | undefined): unknown {
  return typeof said === "string" ? said.replace(/found "(-?[\d.]+)"/g, "found $1") : said;
}

// JSON is YAML.
function inFile(entry: object): string | QueueConfig | undefined {
  try {
    return parseQueueYaml(JSON.stringify({ queue: [entry] })).queues.get("q");
  } catch (error) {
    if (!(error instanceof QueueConfigError)) throw error;
    return error.problems.map(({ message }) => message.replace(/^queue "q": /, "")).join("; ");
  }
}

const retry = (key: string, value: unknown): Keys => ({
  rate: "5/s",
  retry_parameters: { [key]: value },
});
const extension = (key: string, value: unknown): Keys => ({
  rate: "5/s",
  extensions: { [key]: value },
});

describe("a value that is none of its key", () => {
  const NUMBERS: [string, (value: unknown) => Keys][] = [
    ["bucket_size", (bucket_size) => ({ rate: "5/s", bucket_size })],
    [
      "max_concurrent_requests",
      (max_concurrent_requests) => ({ rate: "5/s", max_concurrent_requests }),
    ],
    ...[
      "task_retry_limit",
      "min_backoff_seconds",
      "max_backoff_seconds",
      "max_doublings",
      "task_age_limit",
    ].map((key): [string, (value: unknown) => Keys] => [
      `retry_parameters.${key}`,
      (value) => retry(key, value),
    ]),
    ...[
      "rate",
      "bucket_size",
      "max_concurrent_requests",
      "tombstone_ttl",
      "keep_failed",
      "keep_results",
      "failed_queue",
    ].map((key): [string, (value: unknown) => Keys] => [
      `extensions.${key}`,
      (value) => extension(key, value),
    ]),
    ["rate", (rate) => ({ rate })],
    ["target", (target) => ({ rate: "5/s", target })],
  ];
  const ODD: [string, unknown][] = [
    ["a mapping", {}],
    ["a mapping with a key", { a: 1 }],
    ["a mapping that is no primitive", { toString: 1, valueOf: 1 }],
    ["an empty list", []],
    ["a list of a number", [5]],
    ["words", "a lot"],
    ["a negative number", -7.5],
    ["an empty text", ""],
  ];
  it.each(
    NUMBERS.flatMap(([key, of]) => ODD.map(([kind, value]) => [key, kind, of(value)] as const)),
  )("%s: %s", (key, kind, keys) => {
    const said = both(keys);
    if (key === "max_concurrent_requests" && kind === "a negative number") return;
    expect(said).toMatch(new RegExp(`^${key.replace(".", "\\.")}: found .*, expected `));
  });

  it("beside one that is good, no order of the two is made out", () => {
    for (const min of [{ toString: 1, valueOf: 1 }, [9], "9s", { a: 9 }]) {
      const keys = {
        rate: "5/s",
        retry_parameters: { min_backoff_seconds: min, max_backoff_seconds: 1 },
      };
      expect(both(keys)).toMatch(
        /^retry_parameters.min_backoff_seconds: found [^;]*, expected a number of seconds, 0 or more$/,
      );
    }
  });
});

describe("the ends of what is sensible", () => {
  const AGE =
    "expected a number with s, m, h or d such as 30s or 2.5h, at least 1s and at most 36500d";
  const COUNT = "expected at most 2147483647";
  const WAIT = "expected at most 2592000 seconds, which are 30 days";
  it.each<[Keys, string | object]>([
    [retry("max_backoff_seconds", 2_592_000), { retry: { maxBackoff: 2_592_000 } }],
    [
      retry("max_backoff_seconds", 2_592_000.5),
      `retry_parameters.max_backoff_seconds: found 2592000.5, ${WAIT}`,
    ],
    [
      retry("max_backoff_seconds", 1e300),
      `retry_parameters.max_backoff_seconds: found 1e+300, ${WAIT}`,
    ],
    [
      retry("min_backoff_seconds", 2_592_000),
      { retry: { minBackoff: 2_592_000, maxBackoff: 2_592_000 } },
    ],
    [
      retry("min_backoff_seconds", 1e9),
      `retry_parameters.min_backoff_seconds: found 1000000000, ${WAIT}`,
    ],
    [retry("max_backoff_seconds", 0), { retry: { minBackoff: 0, maxBackoff: 0 } }],
    [retry("task_retry_limit", 2_147_483_647), { retry: { limit: 2_147_483_647 } }],
    [
      retry("task_retry_limit", 2_147_483_648),
      `retry_parameters.task_retry_limit: found 2147483648, ${COUNT}`,
    ],
    [retry("max_doublings", 1e300), `retry_parameters.max_doublings: found 1e+300, ${COUNT}`],
    [retry("task_age_limit", "36500d"), { retry: { ageLimit: 3_153_600_000 } }],
    [retry("task_age_limit", "36501d"), `retry_parameters.task_age_limit: found "36501d", ${AGE}`],
    [retry("task_age_limit", "1e300d"), `retry_parameters.task_age_limit: found "1e300d", ${AGE}`],
    [extension("tombstone_ttl", "1e9h"), `extensions.tombstone_ttl: found "1e9h", ${AGE}`],
    [extension("keep_failed", "0s"), `extensions.keep_failed: found "0s", ${AGE}`],
    [
      extension("bucket_size", 0),
      "extensions.bucket_size: found 0, expected a whole number, 1 or more",
    ],
    [extension("bucket_size", 2_147_483_648), `extensions.bucket_size: found 2147483648, ${COUNT}`],
    [extension("bucket_size", 1e300), `extensions.bucket_size: found 1e+300, ${COUNT}`],
    [
      extension("max_concurrent_requests", 1e15),
      `extensions.max_concurrent_requests: found 1000000000000000, ${COUNT}`,
    ],
    [
      extension("max_concurrent_requests", 0),
      "extensions.max_concurrent_requests: found 0, expected a whole number, 1 or more",
    ],
    [extension("rate", "0/s"), { rate: 0 }],
    [extension("rate", 0), { rate: 0 }],
    [extension("rate", "1000000000/s"), { rate: 1e9 }],
    [
      extension("rate", "1000000001/s"),
      'extensions.rate: found "1000000001/s", expected at most 1000000000/s, or none for no limit',
    ],
    [
      extension("rate", "1e9/s"),
      'extensions.rate: found "1e9/s", expected a number per s, m, h or d such as 2000/s, or 0, or none for no limit',
    ],
    [
      extension("rate", "NaN/s"),
      'extensions.rate: found "NaN/s", expected a number per s, m, h or d such as 2000/s, or 0, or none for no limit',
    ],
    [
      extension("rate", "-1/s"),
      'extensions.rate: found "-1/s", expected a number per s, m, h or d such as 2000/s, or 0, or none for no limit',
    ],
    [
      { rate: "5/s", bucket_size: 0, max_concurrent_requests: 0 },
      { bucketSize: 5, maxConcurrentRequests: 1000 },
    ],
    [{ rate: "5/s", max_concurrent_requests: 1e300 }, { maxConcurrentRequests: 5000 }],
    [{ rate: "0.000000001/d" }, { rate: 1e-9 / 86_400 }],
  ])("%j", (keys, expected) => {
    const said = both(keys);
    if (typeof expected === "string") expect(said).toBe(expected);
    else expect(said).toMatchObject(expected);
  });

  it("is far more than 400 digits of a rate", () => {
    expect(both(extension("rate", `${"9".repeat(400)}/s`))).toMatch(
      /expected at most 1000000000\/s, or none/,
    );
  });
});

describe("failed_queue in a file", () => {
  const file = (...hops: [string, string | undefined, string?][]) =>
    `queue:\n${hops
      .map(([name, to, more = "rate: 1/s"]) => {
        const extensions = to === undefined ? "" : `\n  extensions:\n    failed_queue: ${to}`;
        return `- name: ${name}\n  ${more}${extensions}`;
      })
      .join("\n")}\n`;
  const faults = (text: string) => {
    try {
      parseQueueYaml(text);
      return [];
    } catch (error) {
      return (error as Error).message.split("\n");
    }
  };
  const LOST = "expected another push queue of this file";
  const chain = (length: number) =>
    file(
      ...Array.from({ length }, (_, i): [string, string | undefined] => [
        `c${i}`,
        i + 1 < length ? `c${i + 1}` : undefined,
      ]),
    );
  const circle = (length: number) =>
    file(...Array.from({ length }, (_, i): [string, string] => [`c${i}`, `c${(i + 1) % length}`]));
  it.each([
    ["itself", file(["a", "a"]), [`5:19: queue "a": extensions.failed_queue: found "a", ${LOST}`]],
    [
      "no queue",
      file(["a", "b"]),
      [`5:19: queue "a": extensions.failed_queue: found "b", ${LOST}`],
    ],
    [
      "a pull queue",
      file(["a", "b"], ["b", undefined, "mode: pull"]),
      [`5:19: queue "a": extensions.failed_queue: found "b", ${LOST}`],
    ],
    ["the default queue that is not listed", file(["a", "default"]), []],
    [
      "a default queue that is a pull queue",
      file(["a", "default"], ["default", undefined, "mode: pull"]),
      [`5:19: queue "a": extensions.failed_queue: found "default", ${LOST}`],
    ],
    [
      "a circle of two",
      file(["a", "b"], ["b", "a"]),
      [
        '5:19: queue "a": extensions.failed_queue: found "b", expected a queue that does not lead in a circle: a -> b -> a',
      ],
    ],
    [
      "a circle of three",
      file(["a", "b"], ["b", "c"], ["c", "a"]),
      [
        '5:19: queue "a": extensions.failed_queue: found "b", expected a queue that does not lead in a circle: a -> b -> c -> a',
      ],
    ],
    [
      "a way into a circle",
      file(["x", "b"], ["a", "b"], ["b", "a"]),
      [
        '13:19: queue "b": extensions.failed_queue: found "a", expected a queue that does not lead in a circle: b -> a -> b',
      ],
    ],
    [
      "a circle of twenty",
      circle(20),
      [
        expect.stringContaining(
          "does not lead in a circle: c0 -> c1 -> c2 -> c3 -> c4 -> ... -> c",
        ),
      ],
    ],
    [
      "a circle of a thousand",
      circle(1000),
      [
        expect.stringContaining(
          "does not lead in a circle: c0 -> c1 -> c2 -> c3 -> c4 -> ... -> c",
        ),
      ],
    ],
    [
      "a pull queue's circle",
      file(["a", "p"], ["p", "a", "mode: pull"]),
      [`5:19: queue "a": extensions.failed_queue: found "p", ${LOST}`],
    ],
    [
      "a chain of twelve",
      chain(12),
      [
        '5:19: queue "c0": extensions.failed_queue: found "c1", expected at most 10 queues that lead to one another',
      ],
    ],
    ["a chain of eleven", chain(11), []],
    ["a chain", file(["a", "b"], ["b", "c"], ["c", undefined]), []],
    ["two to one", file(["a", "c"], ["b", "c"], ["c", undefined]), []],
    ["a pull queue's own", file(["p", "a", "mode: pull"], ["a", undefined]), []],
  ])("%s", (_, text, said) => {
    expect(faults(text)).toEqual(
      said.map((it) => (typeof it === "string" ? `queue.yaml:${it}` : it)),
    );
  });
});
