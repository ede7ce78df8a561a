import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import { parseQueueEntry } from "../../../src/core/config/queue-entry.ts";
import { queueJsonSchema } from "../../../src/core/config/queue-file-schema.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { QueueConfigError } from "../../../src/core/config/yaml-document.ts";

const LONG_NAME = "n".repeat(100);
const WHOLE = "a whole number, 0 or more";
const RATE = "a number per s, m, h or d such as 5/s or 0";
const DURATION = "a number with s, m, h or d such as 30s or 2.5h, at least 1s";

/** The one queue `q` of a file whose further lines are given in flow form. */
function push(keys: string): QueueConfig {
  return queue(`queue: [{name: q, rate: 1/s, ${keys}}]`);
}

function pull(keys: string): QueueConfig {
  return queue(`queue: [{name: q, mode: pull, ${keys}}]`);
}

function retry(keys: string) {
  return push(`retry_parameters: {${keys}}`).retry;
}

function queue(text: string, name = "q"): QueueConfig {
  const config = parseQueueYaml(text).queues.get(name);
  if (!config) throw new Error(`no queue ${name}`);
  return config;
}

/** Everything said about a bad file, line by line. */
function faults(text: string, file?: string): string[] {
  try {
    parseQueueYaml(text, file);
  } catch (error) {
    if (error instanceof QueueConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("rate", () => {
  it.each([
    ["5/m", 5 / 60],
    ["2000/d", 2000 / 86_400],
    ["1.5/h", 1.5 / 3600],
    ["5./s", 5],
    ["500/s", 500],
    ["0", 0],
    ["0/s", 0],
    ["0/d", 0],
    ["30000/m", 500],
  ])("%s is %d tokens a second", (text, rate) => {
    expect(queue(`queue: [{name: q, rate: ${text}}]`)).toMatchObject({ rate, rateText: text });
  });

  it.each(["5", ".5/s", "-5/s", "-1/s", "1e3/s", "5/S", "5/w", "5 /s", "1/s/s", '""', "5/", "0.0"])(
    "refuses %s",
    (text) => {
      const found = JSON.stringify(text.replaceAll('"', ""));
      expect(faults(`queue:\n- name: q\n  rate: ${text}`)).toEqual([
        `queue.yaml:3:9: queue "q": rate: found ${found}, expected ${RATE}`,
      ]);
    },
  );

  it.each(["501/s", "500.1/s", "30001/m"])("refuses %s and says what goes further", (text) => {
    expect(faults(`queue:\n- name: q\n  rate: ${text}`)).toEqual([
      `queue.yaml:3:9: queue "q": rate: found "${text}", ` +
        "expected at most 500/s (extensions.rate goes past that)",
    ]);
  });

  it("is required of a push queue", () => {
    expect(faults("queue:\n- name: q")).toEqual([
      `queue.yaml:2:3: queue "q": rate: missing, expected ${RATE} on every push queue`,
    ]);
  });
});

describe("bucket_size and max_concurrent_requests", () => {
  it.each([
    ["", 5, 1000],
    ["bucket_size: 0, max_concurrent_requests: 0", 5, 1000],
    ["bucket_size: 1, max_concurrent_requests: 1", 1, 1],
    ["bucket_size: 500, max_concurrent_requests: 5000", 500, 5000],
    ["max_concurrent_requests: 9000", 5, 5000],
    ["max_concurrent_requests: -3", 5, 1],
    ['bucket_size: "40", max_concurrent_requests: "7"', 40, 7],
  ])("{%s} is %d and %d", (keys, bucketSize, maxConcurrentRequests) => {
    expect(push(keys)).toMatchObject({ bucketSize, maxConcurrentRequests });
  });

  it.each(["-1", "501", "1.5", "many", "true"])("refuses bucket_size: %s", (text) => {
    const found = text === "many" ? '"many"' : text;
    expect(faults(`queue:\n- name: q\n  rate: 5/s\n  bucket_size: ${text}`)).toEqual([
      `queue.yaml:4:16: queue "q": bucket_size: found ${found}, ` +
        "expected a whole number from 0 to 500 (extensions.bucket_size goes past that)",
    ]);
  });

  it.each(["1.5", "many"])("refuses max_concurrent_requests: %s", (text) => {
    expect(() => push(`max_concurrent_requests: ${text}`)).toThrow("expected a whole number");
  });
});

describe("name", () => {
  it.each(["a", "A-z-0", "-a-", "7", "007", "1e3", "yes", LONG_NAME])("takes %s", (name) => {
    expect(queue(`queue: [{name: ${name}, rate: 1/s}]`, name).name).toBe(name);
  });

  it.each(["a_b", "a.b", "a b", '""', `${LONG_NAME}n`, '"a\\n"', "é"])("refuses %s", (name) => {
    expect(() => parseQueueYaml(`queue: [{name: ${name}, rate: 1/s}]`)).toThrow(
      "expected 1 to 100 letters, digits or hyphens",
    );
  });

  it("is required, and a queue without one goes by its number", () => {
    expect(faults("queue:\n- name: q\n  rate: 1/s\n- rate: 1/s\n- name:\n  rate: 1/s")).toEqual([
      "queue.yaml:4:3: queue number 2: name: missing, expected 1 to 100 letters, digits or hyphens",
      "queue.yaml:5:3: queue number 3: name: found nothing, expected 1 to 100 letters, digits or hyphens",
    ]);
  });

  it("belongs to one queue", () => {
    expect(faults("queue:\n- {name: q, rate: 1/s}\n- {name: q, rate: 2/s}")).toEqual([
      'queue.yaml:3:10: queue "q": name: found "q", expected a name no other queue has',
    ]);
  });
});

describe("mode", () => {
  it("is push unless it says pull", () => {
    expect([push("").mode, push("mode: push").mode, pull("").mode]).toEqual([
      "push",
      "push",
      "pull",
    ]);
  });

  it.each(["PULL", "Push", "both", "5"])("refuses %s", (mode) => {
    expect(() => queue(`queue: [{name: q, mode: ${mode}}]`)).toThrow("expected push or pull");
  });

  it("when neither, leaves only what is wrong either way to be said", () => {
    expect(
      faults("queue:\n- name: a_b\n  mode: PULL\n  rate: 5/w\n  acl: 5\n  colour: red"),
    ).toEqual([
      'queue.yaml:2:9: queue "a_b": name: found "a_b", expected 1 to 100 letters, digits or hyphens',
      'queue.yaml:3:9: queue "a_b": mode: found "PULL", expected push or pull',
      expect.stringContaining('queue.yaml:6:3: queue "a_b": colour: found an unknown key'),
    ]);
  });
});

describe("a pull queue", () => {
  it("has no rate, but a retry limit, an access list and its names' lifetimes", () => {
    const keys = `retry_parameters: {task_retry_limit: 3}, acl: [{user_email: a@x.org},
      {writer_email: b@x.org, user_email: b@x.org}], extensions: {tombstone_ttl: 1h, keep_failed: 2h}`;
    expect(pull(keys)).toEqual({
      name: "q",
      mode: "pull",
      rate: 0,
      rateText: "",
      bucketSize: 0,
      maxConcurrentRequests: 0,
      retry: { limit: 3, minBackoff: 0.1, maxBackoff: 3600, maxDoublings: 16 },
      acl: [{ userEmail: "a@x.org" }, { userEmail: "b@x.org", writerEmail: "b@x.org" }],
      tombstoneTtl: 3600,
      keepFailed: 7200,
    });
  });

  it.each([
    "rate: 5/s",
    "bucket_size: 5",
    "max_concurrent_requests: 5",
    "target: v1",
    "retry_parameters: {task_age_limit: 1d}",
    "retry_parameters: {min_backoff_seconds: 1}",
    "retry_parameters: {max_backoff_seconds: 1}",
    "retry_parameters: {max_doublings: 1}",
    "extensions: {rate: none}",
    "extensions: {bucket_size: 9}",
    "extensions: {max_concurrent_requests: 9}",
    "extensions: {keep_results: true}",
    "extensions: {batch: {size: 2}}",
  ])("refuses {%s}", (keys) => {
    expect(() => pull(keys)).toThrow("expected on push queues only");
  });

  it.each([
    ["acl: 5", "acl: found 5, expected a list of user_email and writer_email entries"],
    ["acl: [{}]", "acl[0]: found an empty mapping, expected user_email, writer_email or both"],
    ["acl: [{user_email: ''}]", 'acl[0].user_email: found "", expected an e-mail address'],
    [
      "acl: [{user_email: a, x: b}]",
      "acl[0].x: found an unknown key, expected one of user_email, ",
    ],
  ])("refuses {%s}", (keys, said) => {
    expect(() => pull(keys)).toThrow(`queue "q": ${said}`);
  });

  it("alone has an access list", () => {
    expect(() => push("acl: [{user_email: a@x.org}]")).toThrow(
      'queue "q": acl: found a list, expected on pull queues only',
    );
  });
});

describe("target", () => {
  const most = `${"v".repeat(100)}.${"s".repeat(63)}`;

  it.each(["mod", "v1.mod", "1.mod", "a-1.b-2-", "1.5", most])("takes %s", (target) => {
    expect(push(`target: ${target}`).target).toBe(target);
  });

  it.each(["1.1.mod", "Mod", "v:1", "-mod", "v1.-mod", "mod.", `v${most}`, `${most}s`, '""'])(
    "refuses %s",
    (target) => {
      expect(() => push(`target: ${target}`)).toThrow(
        "expected [version.]service in lower-case letters, digits and hyphens",
      );
    },
  );
});

describe("retry_parameters", () => {
  const defaults = { minBackoff: 0.1, maxBackoff: 3600, maxDoublings: 16 };

  it.each([
    ["", defaults],
    ["task_retry_limit: 0", { ...defaults, limit: 0 }],
    ["task_retry_limit: 7, max_doublings: 3", { ...defaults, limit: 7, maxDoublings: 3 }],
    ["max_doublings: 0", { ...defaults, maxDoublings: 0 }],
    ["min_backoff_seconds: 0", { ...defaults, minBackoff: 0 }],
    ["min_backoff_seconds: 2.5", { ...defaults, minBackoff: 2.5 }],
    ["min_backoff_seconds: 5000", { ...defaults, minBackoff: 5000, maxBackoff: 5000 }],
    ["max_backoff_seconds: 0.05", { ...defaults, minBackoff: 0.05, maxBackoff: 0.05 }],
    [
      "min_backoff_seconds: 5, max_backoff_seconds: 5",
      { ...defaults, minBackoff: 5, maxBackoff: 5 },
    ],
  ])("{%s}", (keys, expected) => {
    expect(retry(keys)).toEqual(expected);
  });

  it.each([
    ["task_retry_limit", "-1", WHOLE],
    ["task_retry_limit", "1.5", WHOLE],
    ["task_retry_limit", "-1.5", WHOLE],
    ["max_doublings", "-1", WHOLE],
    ["max_doublings", "0.5", WHOLE],
    ["min_backoff_seconds", "-0.1", "a number of seconds, 0 or more"],
    ["min_backoff_seconds", "1h", "a number of seconds, 0 or more"],
    ["max_backoff_seconds", "-1", "a number of seconds, 0 or more"],
    ["max_backoff_seconds", ".inf", "a number of seconds, 0 or more"],
  ])("refuses %s: %s", (key, value, expected) => {
    const said = faults(`queue: [{name: q, rate: 1/s, retry_parameters: {${key}: ${value}}}]`);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(`queue "q": retry_parameters.${key}: found `);
    expect(said[0]).toContain(`, expected ${expected}`);
  });

  it("refuses a minimum above the maximum", () => {
    expect(() => retry("min_backoff_seconds: 20, max_backoff_seconds: 10")).toThrow(
      "retry_parameters.min_backoff_seconds: found 20, expected no more than max_backoff_seconds",
    );
  });

  it.each([
    ["30s", 30],
    ["2.5h", 9000],
    ["1.5d", 129_600],
    ["12345.5s", 12_345],
    ["1e2s", 100],
    ["1e-2d", 864],
    [".5h", 1800],
    ["1.s", 1],
    ["15m", 900],
  ])("task_age_limit: %s is %d s", (text, ageLimit) => {
    expect(retry(`task_age_limit: ${text}`).ageLimit).toBe(ageLimit);
  });

  it.each(["0s", "0.5s", "30", "1h30m", "-5s", "5w", "5S", "5 s", "s", '""', "1e400d", "[5s]"])(
    "refuses task_age_limit: %s",
    (text) => {
      const said = faults(
        `queue: [{name: q, rate: 1/s, retry_parameters: {task_age_limit: ${text}}}]`,
      );
      expect(said).toHaveLength(1);
      expect(said[0]).toContain(`, expected ${DURATION}`);
    },
  );
});

describe("extensions", () => {
  it.each([
    ["2000/s", 2000],
    ["100/m", 100 / 60],
    ["0", 0],
    ["none", Number.POSITIVE_INFINITY],
  ])("rate: %s is in place of rate", (text, rate) => {
    expect(push(`extensions: {rate: ${text}}`)).toMatchObject({ rate, rateText: text });
    expect(queue(`queue: [{name: q, extensions: {rate: ${text}}}]`).rate).toBe(rate);
  });

  it("pass App Engine's limits", () => {
    expect(
      push("bucket_size: 7, extensions: {bucket_size: 9999, max_concurrent_requests: 20000}"),
    ).toMatchObject({ bucketSize: 9999, maxConcurrentRequests: 20_000 });
  });

  it.each([
    ["", undefined],
    ["extensions: {batch: {size: 50}}", { size: 50, wait: 0 }],
    ["extensions: {batch: {size: 1000, wait: 0.1}}", { size: 1000, wait: 0.1 }],
    ["extensions: {batch: {size: 1, wait: 60}}", { size: 1, wait: 60 }],
  ])("hand on batches by {%s}", (keys, batch) => {
    expect(push(keys).batch).toEqual(batch);
  });

  it("keep a name for 9 days and a failed task for 7, by default", () => {
    expect(push("")).toMatchObject({ tombstoneTtl: 777_600, keepFailed: 604_800 });
    expect(push("extensions: {tombstone_ttl: 1d, keep_failed: 90m}")).toMatchObject({
      tombstoneTtl: 86_400,
      keepFailed: 5400,
    });
  });

  it.each([
    [
      "rate: 5/w",
      'rate: found "5/w", expected a number per s, m, h or d such as 2000/s, or 0, or none',
    ],
    [
      "rate: 7",
      'rate: found "7", expected a number per s, m, h or d such as 2000/s, or 0, or none',
    ],
    ["rate: None", 'rate: found "None", expected '],
    ["bucket_size: 0", "bucket_size: found 0, expected a whole number, 1 or more"],
    ["bucket_size: 1.5", "bucket_size: found 1.5, expected a whole number, 1 or more"],
    ["max_concurrent_requests: 0", "max_concurrent_requests: found 0, expected a whole number, 1"],
    ["tombstone_ttl: 0s", `tombstone_ttl: found "0s", expected ${DURATION} and at most 36500d`],
    ["keep_results: 1", "keep_results: found 1, expected true or false"],
    ["batch: 50", "batch: found 50, expected a mapping, such as { size: 50, wait: 0.1 }"],
    ["batch: {wait: 1}", "batch.size: missing, expected a whole number from 1 to 1000"],
    ["batch: {size: 0}", "batch.size: found 0, expected a whole number from 1 to 1000"],
    ["batch: {size: 1001}", "batch.size: found 1001, expected a whole number from 1 to 1000"],
    ["batch: {size: 2.5}", "batch.size: found 2.5, expected a whole number from 1 to 1000"],
    [
      "batch: {size: 2, wait: -1}",
      "batch.wait: found -1, expected a number of seconds from 0 to 60",
    ],
    [
      "batch: {size: 2, wait: 61}",
      "batch.wait: found 61, expected a number of seconds from 0 to 60",
    ],
    [
      "batch: {size: 2, wait: 1s}",
      'batch.wait: found "1s", expected a number of seconds from 0 to 60',
    ],
    ["batch: {size: 2, most: 3}", "batch.most: found an unknown key, expected one of size, wait"],
    ["keep_failed: 7", `keep_failed: found 7, expected ${DURATION} and at most 36500d`],
    ["keep_failed: 36501d", `keep_failed: found "36501d", expected ${DURATION} and at most 36500d`],
    ["shard: 2", "shard: found an unknown key, expected one of rate, bucket_size, "],
  ])("refuse {%s}", (keys, said) => {
    expect(() => push(`extensions: {${keys}}`)).toThrow(`queue "q": extensions.${said}`);
  });
});

describe("annotations", () => {
  it("are kept as they are", () => {
    const config = push("extensions: {annotations: {team: blue, more: {list: [1, 2]}}}");
    expect(config.annotations).toEqual({ team: "blue", more: { list: [1, 2] } });
    expect(push("extensions: {}")).not.toHaveProperty("annotations");
  });

  it("are a mapping", () => {
    const [fault] = faults("queue: [{name: q, rate: 1/s, extensions: {annotations: 3}}]");
    expect(fault).toContain("extensions.annotations: found 3, expected a mapping");
  });
});

describe("a name in a namespace", () => {
  it("is for queues that are made while running, not for the file's", () => {
    const name = "example.com:p/us-central1/mail";
    expect(parseQueueEntry({ name, rate: "5/s" }).ok).toMatchObject({ name, rate: 5 });
    for (const bad of ["/mail", "a/b_c", "a//b", "a/"]) {
      expect(parseQueueEntry({ name: bad, rate: "5/s" }).failure?.message).toContain("letters");
    }
    expect(faults("queue: [{name: a/b, rate: 1/s}]")).toHaveLength(1);
  });
});

describe("the top level", () => {
  it.each([
    ["120M", 125_829_120],
    ["1.5G", 1_610_612_736],
    ["1.G", 1_073_741_824],
    ["1K", 1024],
    ["2T", 2 * 1024 ** 4],
    ["1000T", 1000 * 1024 ** 4],
    ["7B", 7],
    ["1.9B", 1],
    ["4096", 4096],
    ["0", 0],
  ])("total_storage_limit: %s is %d bytes", (text, bytes) => {
    expect(parseQueueYaml(`total_storage_limit: ${text}`).totalStorageLimit).toBe(bytes);
  });

  it.each(["12MB", "10k", "-1", '""', "1.5", ".5G", "1 G", "1001T"])(
    "refuses total_storage_limit: %s",
    (text) => {
      expect(faults(`total_storage_limit: ${text}`)).toEqual([
        `queue.yaml:1:22: total_storage_limit: found ${JSON.stringify(text.replaceAll('"', ""))}, ` +
          "expected bytes, or a number with B, K, M, G or T such as 120M, up to 1000T",
      ]);
    },
  );

  it.each([
    ["true", true],
    ["yes", true],
    ["True", true],
    ["false", false],
    ["no", false],
    ["", true],
  ])("resume_paused_queues: %s is %s", (text, expected) => {
    expect(parseQueueYaml(`resume_paused_queues: ${text}`).resumePausedQueues).toBe(expected);
  });

  it.each(["1", "sure", '"yes"'])("refuses resume_paused_queues: %s", (text) => {
    expect(() => parseQueueYaml(`resume_paused_queues: ${text}`)).toThrow("expected true or false");
  });

  it.each(["my-app", "s~my-app", "example.com:my-app", "7"])("takes application: %s", (id) => {
    expect(parseQueueYaml(`application: ${id}`).application).toBe(id);
  });

  it.each(["My-App", "-app", "app-", "a b"])("refuses application: %s", (id) => {
    expect(() => parseQueueYaml(`application: ${id}`)).toThrow(
      `application: found "${id}", expected an App Engine application id`,
    );
  });

  it.each(["queue:", "queue: []", "application: a", "\uFEFFqueue:\r\n"])(
    "%j means only the default queue",
    (text) => {
      const { queues, resumePausedQueues } = parseQueueYaml(text);
      expect([...queues]).toEqual([["default", expect.objectContaining({ rate: 5 })]]);
      expect(resumePausedQueues).toBe(true);
    },
  );
});

describe("the default queue", () => {
  it("is there when the file does not list it", () => {
    const { queues } = parseQueueYaml("queue: [{name: z, rate: 1/s}, {name: a, rate: 1/s}]");
    expect([...queues.keys()]).toEqual(["default", "z", "a"]);
    expect(queues.get("default")).toEqual({
      name: "default",
      mode: "push",
      rate: 5,
      rateText: "5/s",
      bucketSize: 5,
      maxConcurrentRequests: 1000,
      retry: { minBackoff: 0.1, maxBackoff: 3600, maxDoublings: 16 },
      acl: [],
      tombstoneTtl: 777_600,
      keepFailed: 604_800,
    });
  });

  it("is as the file has it when the file lists it", () => {
    const { queues } = parseQueueYaml("queue: [{name: z, rate: 1/s}, {name: default, rate: 1/m}]");
    expect([...queues.keys()]).toEqual(["z", "default"]);
    expect(queues.get("default")?.rate).toBe(1 / 60);
  });
});

describe("the document", () => {
  it.each([
    ["", "1:1: found nothing, expected a mapping, such as queue: [{ name: mail, rate: 5/s }]"],
    [
      "# nothing here\n",
      "1:1: found nothing, expected a mapping, such as queue: [{ name: mail, rate: 5/s }]",
    ],
    ["---\n", "1:4: found nothing, expected a mapping, such as queue: [{ name: mail, rate: 5/s }]"],
    ["{}", "1:1: found an empty mapping, expected at least the key queue"],
    ["5", "1:1: found 5, expected a mapping, such as queue: [{ name: mail, rate: 5/s }]"],
    ["\n- a", "2:1: found a list, expected a mapping, such as queue: [{ name: mail, rate: 5/s }]"],
    ["queue: 5", "1:8: queue: found 5, expected a list of queues"],
    ["queue: {}", "1:8: queue: found an empty mapping, expected a list of queues"],
    ["queue:\n- 5", "2:3: queue number 1: found 5, expected a mapping with a name"],
    ["queue:\n- [5]", "2:3: queue number 1: found a list, expected a mapping with a name"],
    ["queue:\n---\nqueue:\n", "2:1: found a second document, expected one"],
    ["queue: [", "1:9: not YAML: Flow sequence in block collection must be sufficiently indented"],
    ["queue:\n- name: a: b", "2:9: not YAML: Nested mappings are not allowed in compact mappings"],
    ["queue: !list []", "1:8: not YAML: Unresolved tag: !list"],
    ["? [a]\n: b", "1:3: not YAML: With stringKeys, all keys must be strings"],
    ["queue:\nqueue:\n", "2:1: queue: found a second time, expected once"],
    ["queue: &q", "1:1: queue: found an anchor or alias, expected the value itself"],
    ["queue: *q", "1:1: queue: found an anchor or alias, expected the value itself"],
    ["__proto__: 5", "1:1: __proto__: found an unknown key, expected one of application, queue, "],
    ["queues:", "1:1: queues: found an unknown key, expected one of application, queue, total_"],
    ["<<: {application: a}", "1:1: <<: found an unknown key, expected one of application, "],
  ])("%j is refused", (text, said) => {
    const [first, ...more] = faults(text);
    expect(first?.startsWith(`queue.yaml:${said}`), first).toBe(true);
    expect(more).toEqual([]);
  });

  it("names queue and place of an unknown key at every level", () => {
    const text = [
      "queue:",
      "- name: sub",
      "  rate: 5/s",
      "  colour: red",
      "  retry_parameters:",
      "    limit:",
      "  extensions: {",
      "    speed: 7 }",
    ].join("\n");
    expect(faults(text, "conf/queue.yaml").map((line) => line.split(",")[0])).toEqual([
      'conf/queue.yaml:4:3: queue "sub": colour: found an unknown key',
      'conf/queue.yaml:6:5: queue "sub": retry_parameters.limit: found an unknown key',
      'conf/queue.yaml:8:5: queue "sub": extensions.speed: found an unknown key',
    ]);
  });

  it("takes a key with nothing after it as absent", () => {
    expect(push("bucket_size: , target: , retry_parameters: , extensions: ")).toEqual(push(""));
  });

  it("clips a long value", () => {
    const [said] = faults(`queue: [{name: q, rate: ${"9".repeat(500)}}]`);
    expect(said).toContain(`found "${"9".repeat(100)}"..., expected`);
  });
});

describe("the error", () => {
  const text = [
    "total_storage_limit: 12MB",
    "queue:",
    "- name: sub",
    "  rate: 5/w",
    "  bucket_size: 1.5",
    "  rate: 6/w",
    "- retry_parameters:",
    "    max_doublings: 0.5",
    "    min_backoff_seconds: 20",
    "    max_backoff_seconds: 10",
    "- name: p",
    "  mode: pull",
    "  rate: 5/s",
    "- name: sub",
    "  mode: PULL",
    "colour: red",
  ].join("\n");

  it("lists all problems in the order of the file", () => {
    expect(faults(text)).toEqual([
      'queue.yaml:1:22: total_storage_limit: found "12MB", expected bytes, or a number with B, K, M, G or T such as 120M, up to 1000T',
      'queue.yaml:5:16: queue "sub": bucket_size: found 1.5, expected a whole number from 0 to 500 (extensions.bucket_size goes past that)',
      'queue.yaml:6:3: queue "sub": rate: found a second time, expected once',
      `queue.yaml:6:9: queue "sub": rate: found "6/w", expected ${RATE}`,
      "queue.yaml:7:3: queue number 2: name: missing, expected 1 to 100 letters, digits or hyphens",
      `queue.yaml:7:3: queue number 2: rate: missing, expected ${RATE} on every push queue`,
      `queue.yaml:8:20: queue number 2: retry_parameters.max_doublings: found 0.5, expected ${WHOLE}`,
      "queue.yaml:9:26: queue number 2: retry_parameters.min_backoff_seconds: found 20, expected no more than max_backoff_seconds",
      'queue.yaml:13:9: queue "p": rate: found "5/s", expected on push queues only',
      'queue.yaml:14:9: queue "sub": name: found "sub", expected a name no other queue has',
      'queue.yaml:15:9: queue "sub": mode: found "PULL", expected push or pull',
      "queue.yaml:16:1: colour: found an unknown key, expected one of application, queue, total_storage_limit, resume_paused_queues, extensions",
    ]);
  });

  it("of a hundred problems and more tells a hundred, and how many there are", () => {
    const said = faults(`queue:\n${"- 5\n".repeat(150)}`);
    expect(said).toHaveLength(101);
    expect(said[100]).toBe("queue.yaml: and 50 more");
  });

  it("has them as values too", () => {
    expect(() => parseQueueYaml("queue: 5")).toThrow(
      expect.objectContaining({
        name: "QueueConfigError",
        problems: [{ line: 1, column: 8, message: "queue: found 5, expected a list of queues" }],
      }),
    );
  });
});

describe("the result", () => {
  it("is frozen all the way down", () => {
    const file = parseQueueYaml("queue: [{name: q, mode: pull, acl: [{user_email: a@x.org}]}]");
    const config = file.queues.get("q");
    for (const part of [file, file.queues, config, config?.retry, config?.acl, config?.acl[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    const queues = file.queues as Map<string, unknown>;
    expect(() => queues.set("x", 1)).toThrow("frozen");
    expect(() => queues.delete("q")).toThrow("frozen");
    expect(() => queues.clear()).toThrow("frozen");
  });
});

describe("one entry as JSON", () => {
  it("reads like an entry of the file", () => {
    expect(parseQueueEntry({ name: "q", rate: "5/m" })).toEqual({
      ok: queue("queue: [{name: q, rate: 5/m}]"),
    });
    expect(parseQueueEntry({ name: "q", rate: 0 }).ok).toMatchObject({ rate: 0, rateText: "0" });
  });

  it("is refused with everything that is wrong", () => {
    const messages = [
      'name: found "a_b", expected 1 to 100 letters, digits or hyphens',
      `rate: found 5, expected ${RATE}`,
    ];
    expect(parseQueueEntry({ name: "a_b", rate: 5 })).toEqual({
      failure: { code: "INVALID_REQUEST", message: messages.join("; "), details: messages },
    });
    expect(parseQueueEntry("q").failure?.message).toBe('found "q", expected a mapping with a name');
  });
});

describe("queue.schema.json", () => {
  it("is what the schema says: npm run schema", () => {
    const file = new URL("../../../queue.schema.json", import.meta.url);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(queueJsonSchema());
  });

  it("describes every key but those of the other mode", () => {
    expect(undescribed(queueJsonSchema() as Schema)).toEqual([]);
  });
});

interface Schema {
  description?: string;
  not?: object;
  properties?: Record<string, Schema>;
  items?: Schema;
  oneOf?: Schema[];
}

function undescribed({ properties = {}, items, oneOf = [] }: Schema): string[] {
  const here = Object.entries(properties).filter(([, it]) => !it.description && !it.not);
  const inner = [...Object.values(properties), ...oneOf, ...(items ? [items] : [])];
  return [...here.map(([key]) => key), ...inner.flatMap(undescribed)];
}
