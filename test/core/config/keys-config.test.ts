import { describe, expect, it } from "vitest";
import { changesOf } from "../../../src/core/config/config-changes.ts";
import {
  type KeyLimits,
  keysEntry,
  keysView,
  limitsOfKey,
  NO_KEY_LIMITS,
} from "../../../src/core/config/keys-config.ts";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import { parseQueueEntry } from "../../../src/core/config/queue-entry.ts";
import { queueJsonSchema } from "../../../src/core/config/queue-file-schema.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { QueueConfigError } from "../../../src/core/config/yaml-document.ts";

function config(keys: object | undefined, more: object = {}): QueueConfig {
  const entry = { name: "q", rate: "1/s", extensions: { ...(keys && { keys }), ...more } };
  const { ok, failure } = parseQueueEntry(entry);
  if (!ok) throw new Error(failure?.message);
  return ok;
}

function limits(given: Partial<KeyLimits>): KeyLimits {
  return { ...NO_KEY_LIMITS, ...given };
}

const PER_KEY = {
  acme: { rate: "1/s" },
  "a*": { weight: 2 },
  "ac*": { weight: 3 },
  "free-*": { max_concurrent_requests: 1, rate: "0.5/m" },
  "none*": { rate: "none", max_concurrent_requests: "none" },
  "odd*name": { weight: 9 },
  __proto__x: { weight: 4 },
};
const KEYS = {
  ...{ rate: "10/s", bucket_size: 7, max_concurrent_requests: 3, weight: 0.5 },
  per_key: PER_KEY,
};
const OWN = { rate: 10, rateText: "10/s", bucketSize: 7, maxConcurrentRequests: 3, weight: 0.5 };
const INFINITE = Number.POSITIVE_INFINITY;

describe("the limits of a key", () => {
  it.each<[string, Partial<KeyLimits>]>([
    ["other", OWN],
    ["acme", { ...OWN, rate: 1, rateText: "1/s" }],
    ["acme2", { ...OWN, weight: 3 }],
    ["ac", { ...OWN, weight: 3 }],
    ["a", { ...OWN, weight: 2 }],
    ["b", OWN],
    ["free-", { ...OWN, rate: 0.5 / 60, rateText: "0.5/m", maxConcurrentRequests: 1 }],
    ["free-x", { ...OWN, rate: 0.5 / 60, rateText: "0.5/m", maxConcurrentRequests: 1 }],
    ["free", OWN],
    ["none1", { ...OWN, rate: INFINITE, rateText: "none", maxConcurrentRequests: INFINITE }],
    ["odd*name", { ...OWN, weight: 9 }],
    ["odd1name", OWN],
    ["__proto__", OWN],
    ["__proto__x", { ...OWN, weight: 4 }],
    ["constructor", OWN],
    ["", NO_KEY_LIMITS],
  ])(
    "%j are those of its name, else of its longest beginning, else every key's",
    (key, expected) => {
      expect(limitsOfKey(config(KEYS).keys, key)).toEqual(limits(expected));
    },
  );

  it("are none without extensions.keys, and with nothing in it", () => {
    expect(config(undefined).keys).toBeUndefined();
    expect(limitsOfKey(undefined, "acme")).toEqual(NO_KEY_LIMITS);
    expect(limitsOfKey(config({}).keys, "acme")).toEqual(NO_KEY_LIMITS);
  });

  it("outlive being stored as JSON, which has no word for no limit", () => {
    const stored = JSON.parse(JSON.stringify(config(KEYS).keys));
    for (const key of ["other", "acme", "none1"]) {
      expect(limitsOfKey(stored, key)).toEqual(limitsOfKey(config(KEYS).keys, key));
    }
    const none = JSON.parse(JSON.stringify(config({}).keys));
    expect(limitsOfKey(none, "acme")).toEqual(NO_KEY_LIMITS);
    expect(keysView(none)).toEqual({ rate: "none", bucketSize: 5, weight: 1 });
  });
});

describe("as they are shown", () => {
  it("say what the file says", () => {
    expect(keysView(config({ ...KEYS, per_key: { acme: { rate: 0 } } }).keys as never)).toEqual({
      ...{ rate: "10/s", bucketSize: 7, maxConcurrentRequests: 3, weight: 0.5 },
      perKey: { acme: { rate: "0", bucketSize: 7, maxConcurrentRequests: 3, weight: 0.5 } },
    });
  });

  it.each([[{}], [KEYS], [{ rate: 0 }]])("%j can be written down again", (keys) => {
    const read = config(keys).keys as NonNullable<QueueConfig["keys"]>;
    const again = config(keysEntry(keysView(read))).keys;
    expect(keysView(again as never)).toEqual(keysView(read));
    expect(again).toEqual(read);
  });

  it("are a change in the queue's history, and no change where they are the same", () => {
    const [one, two] = [config({ rate: "1/s" }), config({ rate: "2/s" })];
    expect(changesOf(one, two)).toMatch(/^keys .*1\/s.* → .*2\/s/);
    expect(changesOf(config(undefined), one)).toMatch(/^keys none → /);
    expect(changesOf(JSON.parse(JSON.stringify(one)), one)).toBeUndefined();
  });
});

/** What is said of a file whose queue has these lines under `keys`. */
function faults(lines: string, more = ""): string[] {
  return textFaults(`queue:\n- name: q\n  rate: 1/s\n  extensions:\n${more}    keys:\n${lines}`);
}

function textFaults(text: string): string[] {
  try {
    parseQueueYaml(text);
  } catch (error) {
    if (error instanceof QueueConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

const RATE = "expected a number per s, m, h or d such as 2000/s, or 0, or none for no limit";
const COUNT = "expected a whole number, 1 or more, or none for no limit";
const PATTERN = 'expected a key of 1 to 200 characters, or the beginning of keys and "*"';
const LONG = "k".repeat(201);

describe("a fault", () => {
  it.each<[lines: string, said: string]>([
    ["      rate: 5", `6:13: queue "q": extensions.keys.rate: found "5", ${RATE}`],
    ["      rate: 5/w", `6:13: queue "q": extensions.keys.rate: found "5/w", ${RATE}`],
    [
      "      rate: 2000000000/s",
      '6:13: queue "q": extensions.keys.rate: found "2000000000/s", expected at most 1000000000/s, or none for no limit',
    ],
    [
      "      bucket_size: 0",
      '6:20: queue "q": extensions.keys.bucket_size: found 0, expected a whole number, 1 or more',
    ],
    [
      "      max_concurrent_requests: 0",
      '6:32: queue "q": extensions.keys.max_concurrent_requests: found 0, expected a whole number, 1 or more',
    ],
    [
      "      max_concurrent_requests: all",
      `6:32: queue "q": extensions.keys.max_concurrent_requests: found "all", ${COUNT}`,
    ],
    [
      "      weight: 0",
      '6:15: queue "q": extensions.keys.weight: found 0, expected a number from 0.01 to 100',
    ],
    [
      "      weight: 101",
      '6:15: queue "q": extensions.keys.weight: found 101, expected a number from 0.01 to 100',
    ],
    [
      "      weight: heavy",
      '6:15: queue "q": extensions.keys.weight: found "heavy", expected a number from 0.01 to 100',
    ],
    [
      "      limit: 5",
      '6:7: queue "q": extensions.keys.limit: found an unknown key, expected one of rate, bucket_size, max_concurrent_requests, weight, per_key',
    ],
    ["      per_key: 5", '6:16: queue "q": extensions.keys.per_key: found 5, expected a mapping'],
    [
      "      per_key:\n        acme: 5",
      '7:15: queue "q": extensions.keys.per_key.acme: found 5, expected a mapping',
    ],
    [
      "      per_key:\n        acme: {rate: fast}",
      `7:22: queue "q": extensions.keys.per_key.acme.rate: found "fast", ${RATE}`,
    ],
    [
      "      per_key:\n        acme: {per_key: {}}",
      '7:16: queue "q": extensions.keys.per_key.acme.per_key: found an unknown key, expected one of rate, bucket_size, max_concurrent_requests, weight',
    ],
    [
      '      per_key:\n        "": {weight: 2}',
      `7:9: queue "q": extensions.keys.per_key.: found an unknown key, ${PATTERN}`,
    ],
    [
      '      per_key:\n        "*": {weight: 2}',
      `7:9: queue "q": extensions.keys.per_key.*: found an unknown key, ${PATTERN}`,
    ],
    [`      per_key:\n        ${LONG}: {weight: 2}`, `found an unknown key, ${PATTERN}`],
  ])("in\n%s\nis told with line and column", (lines, said) => {
    const found = faults(lines);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(said);
  });

  it("is more overrides than a view has room for", () => {
    const many = Array.from({ length: 1001 }, (_, i) => `        k${i}: {weight: 2}`).join("\n");
    expect(faults(`      per_key:\n${many}`)).toEqual([
      expect.stringContaining("expected at most 1000; the API sets any key's limits"),
    ]);
  });

  it.each(["push", "pull"])("is keys beside several shards, on a %s queue", (mode) => {
    const entry = (shards: number) =>
      parseQueueEntry({
        name: "q",
        mode,
        ...(mode === "push" && { rate: "1/s" }),
        extensions: { keys: { weight: 2 }, shards },
      });
    expect(entry(4).failure?.message).toContain(
      "extensions.keys: found a mapping, expected none beside shards: 4, for a key's tasks are in one object",
    );
    expect(entry(1)).toMatchObject({ ok: { keys: { weight: 2 } } });
  });

  it("is found on its line, on a pull queue too", () => {
    expect(faults("      weight: 2", "    shards: 4\n")).toEqual([
      'queue.yaml:7:7: queue "q": extensions.keys: found a mapping, expected none beside shards: 4, for a key\'s tasks are in one object',
    ]);
    expect(faults("      weight: 2", "    shards: 1\n")).toEqual([]);
    const file = "queue:\n- name: q\n  mode: pull\n  extensions:\n    keys:\n      weight: 0\n";
    expect(textFaults(file)).toEqual([
      expect.stringMatching(/^queue\.yaml:6:15: queue "q": extensions\.keys\.weight: found 0/),
    ]);
  });
});

it("the JSON Schema knows them", () => {
  const schema = JSON.stringify(queueJsonSchema());
  for (const name of ["per_key", "weight"]) expect(schema).toContain(`"${name}":{`);
});
