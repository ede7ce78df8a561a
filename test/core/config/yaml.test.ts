// yaml as Python's reader takes it, which App Engine's tools are written in; or one clear error. What is said
// to be taken was tried with PyYAML 6 and the patterns of the SDK's queueinfo.py and croninfo.py.
import { describe, expect, it } from "vitest";
import { parseCronYaml } from "../../../src/core/config/cron-yaml.ts";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { QueueConfigError } from "../../../src/core/config/yaml-document.ts";

const DEFAULT_ONLY = parseQueueYaml("queue:");

function faults(text: string): string[] {
  try {
    if (text.includes("cron:")) parseCronYaml(text, DEFAULT_ONLY);
    else parseQueueYaml(text);
  } catch (error) {
    if (error instanceof QueueConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

/** The last queue of a file. */
function queue(text: string): QueueConfig {
  return [...parseQueueYaml(text).queues.values()].at(-1) as QueueConfig;
}

function entry(text: string) {
  return [...parseCronYaml(text, DEFAULT_ONLY).values()][0];
}

const Q = "queue:\n- name: q\n  rate: 5/s\n";
const C = "cron:\n- url: /x\n  schedule: every day 09:00\n";

describe("the end of a block's last line is none of the text", () => {
  it.each([
    ["queue:\n- name: >\n    q\n  rate: 5/s\n", { name: "q" }],
    ["queue:\n- name: |\n    q\n  rate: 5/s\n", { name: "q" }],
    ["queue:\n- name: q\n  rate: >\n    5/s\n", { rateText: "5/s", rate: 5 }],
    ["queue:\n- name: q\n  rate: >-\n    5/s\n", { rateText: "5/s" }],
    [`${Q}  mode: |\n    push\n`, { mode: "push" }],
    [`${Q}  target: >\n    v1.back\n`, { target: "v1.back" }],
    [`${Q}  bucket_size: |\n    7\n`, { bucketSize: 7 }],
    [`${Q}  max_concurrent_requests: >\n    7\n`, { maxConcurrentRequests: 7 }],
    [
      `${Q}  retry_parameters:\n    task_age_limit: >\n      2d\n`,
      { retry: { ageLimit: 172_800 } },
    ],
    [
      `${Q}  retry_parameters:\n    min_backoff_seconds: |\n      2.5\n`,
      { retry: { minBackoff: 2.5 } },
    ],
    [`${Q}  extensions:\n    rate: |\n      none\n`, { rate: Number.POSITIVE_INFINITY }],
    [`${Q}  extensions:\n    tombstone_ttl: >\n      1d\n`, { tombstoneTtl: 86_400 }],
    [
      "queue:\n- name: q\n  mode: pull\n  acl:\n  - user_email: >\n      a@x.org\n",
      { acl: [{ userEmail: "a@x.org" }] },
    ],
    [
      `${Q}  extensions:\n    annotations:\n      note: |\n        two\n        lines\n`,
      { annotations: { note: "two\nlines\n" } },
    ],
  ])("%j", (text, expected) => {
    expect(queue(text)).toMatchObject(expected);
  });

  it.each([
    [
      "cron:\n- description: >\n    Rebuilds the search index every\n    night.\n  url: /x\n  schedule: every day 09:00\n",
      {
        description: "Rebuilds the search index every night.",
        name: "rebuilds-the-search-index-every-night",
      },
    ],
    ["cron:\n- url: >\n    /x\n  schedule: every day 09:00\n", { url: "/x" }],
    ["cron:\n- url: /x\n  schedule: |\n    every day 09:00\n", { schedule: "every day 09:00" }],
    [`${C}  timezone: >\n    Europe/Berlin\n`, { timezone: "Europe/Berlin" }],
    [`${C}  target: |\n    beta\n`, { target: "beta" }],
    [
      `${C}  extensions:\n    name: >\n      x1\n    queue: |\n      default\n`,
      { name: "x1", queue: "default" },
    ],
    [
      `${C}  retry_parameters:\n    job_age_limit: >\n      2d\n    job_retry_limit: |\n      3\n`,
      { retry: { ageLimit: 172_800, limit: 3 } },
    ],
  ])("%j", (text, expected) => {
    expect(entry(text)).toMatchObject(expected);
  });

  it.each([
    ["queue:\n- name: |+\n    q\n\n  rate: 5/s\n", 'queue "q\\n": name: found "q\\n", expected'],
    ['queue:\n- name: "q\\n"\n  rate: 5/s\n', 'name: found "q\\n", expected'],
    [
      `${C}  description: |\n    one\n    two\n`,
      'description: found "one\\ntwo", expected one line',
    ],
    [
      `${C}  description: >\n    one\n\n    two\n`,
      'description: found "one\\ntwo", expected one line',
    ],
  ])("but not of more: %j", (text, said) => {
    expect(faults(text)).toEqual([expect.stringContaining(said)]);
  });

  it("reads what an application id and a limit are as well", () => {
    const text =
      "application: >\n  my-app\ntotal_storage_limit: |\n  5M\nresume_paused_queues: false\n";
    expect(parseQueueYaml(text)).toMatchObject({
      application: "my-app",
      totalStorageLimit: 5 * 1024 ** 2,
      resumePausedQueues: false,
    });
  });
});

describe("indentation means nothing in quotes and brackets", () => {
  it.each([
    ["cron:\n- url: /x\n  schedule: 'every day\n09:00'\n", { schedule: "every day 09:00" }],
    ['cron:\n- url: /x\n  schedule: "every day\n09:00"\n', { schedule: "every day 09:00" }],
    [
      "cron:\n- url: /x\n  description: 'it''s\n- a: b\n# c'\n  schedule: every day 09:00\n",
      { description: "it's - a: b # c" },
    ],
    [
      'cron:\n- url: /x\n  description: "a\\"\nb"\n  schedule: every day 09:00\n',
      { description: 'a" b' },
    ],
    [
      'cron:\r\n- url: /x\r\n  description: "a\r\nb"\r\n  schedule: every day 09:00\r\n',
      { description: "a b" },
    ],
    ["cron: [\n{url: /x,\nschedule: every day 09:00}\n]\n", { url: "/x" }],
    ["cron:\n- {url: /x,\nschedule: 'every day\n09:00',\n}\n", { schedule: "every day 09:00" }],
    ["cron:\n- url: /x\n  schedule: every day 09:00\n  retry_parameters: {\n}\n", { url: "/x" }],
    ["cron:\r- url: /x\r  schedule: every day 09:00\r", { url: "/x" }],
    [
      "\uFEFF%YAML 1.1\n---\ncron:\n- url: /x\n  schedule: every day 09:00\n...\n# end\n",
      { url: "/x" },
    ],
    [
      "cron:\n- url: /x\n  schedule: every day\n    09:00   # daily\n",
      { schedule: "every day 09:00" },
    ],
    ['"cron":\n- "url": /x\n  \'schedule\': every day 09:00\n', { url: "/x" }],
    ["? cron\n: - ? url\n    : /x\n    ? schedule\n    : every day 09:00\n", { url: "/x" }],
    ["cron:\n- url: !!str /x\n  schedule: !!str every day 09:00\n", { url: "/x" }],
  ])("%j", (text, expected) => {
    expect(entry(text)).toMatchObject(expected);
  });
});

it.each(["007", "1e3", "on", "5", "1_0", '"1e3"', "'+5'"])(
  "a queue's name is text wherever it stands: %s",
  (text) => {
    const name = text.replace(/["']/g, "");
    const file = `queue:\n- {name: ${text}, rate: 1/s}\n- {name: q, rate: 1/s, extensions: {failed_queue: ${text}}}\n`;
    if (/^[\w-]+$/.test(name) && !name.includes("_")) {
      expect(queue(file).failedQueue).toBe(name);
      const cron = `${C}  extensions: {queue: ${text}}\n`;
      expect([...parseCronYaml(cron, parseQueueYaml(file)).values()][0]?.queue).toBe(name);
    } else {
      expect(faults(file)[0]).toContain(`found "${name}", expected 1 to 100 letters`);
    }
  },
);

describe("a number is what YAML 1.1 and Python make of it", () => {
  it.each([
    ["010", 8],
    ["08", 8],
    ["0x10", 16],
    ["0b101", 5],
    ["1_0", 10],
    ["1:30", 90],
    ["+5", 5],
    ['"+5"', 5],
    ['" 5 "', 5],
    ["'7'", 7],
    ["!!int '9'", 9],
  ])("bucket_size: %s is %d", (text, size) => {
    expect(queue(`${Q}  bucket_size: ${text}\n`).bucketSize).toBe(size);
  });

  it.each([
    "0o10",
    "on",
    "1 0",
    "5x",
    "~5",
    '""',
    "{}",
    "[5]",
    "2020-01-01",
    "0x",
    ".nan",
    "-.inf",
  ])("bucket_size: %s is none", (text) => {
    expect(faults(`${Q}  bucket_size: ${text}\n`)).toEqual([
      expect.stringMatching(
        /^queue.yaml:4:16: queue "q": bucket_size: found .*, expected a whole number from 0 to 500/,
      ),
    ]);
  });

  it.each([
    ["1e1", 10],
    ['"1e1"', 10],
    [".5", 0.5],
    ["5.", 5],
    ["1.0e+2", 100],
    ["1:30.5", 90.5],
  ])("min_backoff_seconds: %s is %d", (text, seconds) => {
    const { minBackoff } = queue(`${Q}  retry_parameters: {min_backoff_seconds: ${text}}\n`).retry;
    expect(minBackoff).toBe(seconds);
  });

  it.each(["on", "yes", "True", "off", "no"])("resume_paused_queues: %s", (text) => {
    const isOn = ["on", "yes", "True"].includes(text);
    expect(parseQueueYaml(`resume_paused_queues: ${text}\nqueue:`).resumePausedQueues).toBe(isOn);
  });
});

describe("what is not taken is told once, where it begins", () => {
  const TEMPLATE = (mark: string) =>
    `not YAML: found a template's "${mark}", expected the file that the template makes, or quotes around the text`;
  const REFERENCE = "found an anchor or alias, expected the value itself";
  it.each([
    ["queue:\n- name: {{ name }}\n  rate: {{ rate }}\n", `2:10: ${TEMPLATE("{{")}`],
    [`${Q}  bucket_size: {{ size }}\n`, `4:17: ${TEMPLATE("{{")}`],
    [
      "queue:\n{% for q in queues %}\n- name: q\n  rate: 5/s\n{% endfor %}\n",
      `2:1: ${TEMPLATE("{%")}`,
    ],
    ["{{ header }}\nqueue:\n", `1:2: ${TEMPLATE("{{")}`],
    ["queue:\n- name: q\n  rate: {{ a }}/s\n", `3:10: ${TEMPLATE("{{")}`],
    ["queue:\n- &a\n  name: q\n  rate: 5/s\n- <<: *a\n  name: r\n", `3:3: queue "q": ${REFERENCE}`],
    [
      `${Q}  retry_parameters: &r {task_retry_limit: 3}\n- {name: r, rate: 1/s, retry_parameters: *r}\n`,
      `4:3: queue "q": retry_parameters: ${REFERENCE}`,
    ],
    [`${Q}  retry_parameters:\n    <<: *r\n`, `5:5: queue "q": retry_parameters.<<: ${REFERENCE}`],
    ["queue: &q [*q, *q]\n", `1:1: queue: ${REFERENCE}`],
    ["a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", `1:1: a: ${REFERENCE}`],
    ["queue:\n- name: !foo q\n  rate: !bar 5/s\n", "2:9: not YAML: Unresolved tag: !foo"],
    ["queue:\n- name: q\n\trate: 5/s\n", "3:1: not YAML: Tabs are not allowed as indentation"],
    [
      "queue:\n- name: q\n  rate: '5/s\n- name: r\n  rate: 5/s\n",
      "3:9: not YAML: Missing closing 'quote",
    ],
    ['queue:\n- name: "q\n  rate: 5/s\n', '2:9: not YAML: Missing closing "quote'],
    ["queue: [{name: q\n", "2:1: not YAML: Flow map"],
    [`${Q}  target: @x\n`, "4:11: not YAML: Plain value cannot start with reserved character @"],
    [`${Q}  target: a: b\n`, "4:11: not YAML: Nested mappings are not allowed in compact mappings"],
    [`${Q}---\n${Q}`, "4:1: found a second document, expected one"],
    [`${Q}---\n- [\n`, "6:1: not YAML: "],
    [`${Q}  name: q\n`, '4:3: queue "q": name: found a second time, expected once'],
    ["\0queue:\n", "1:1: found the control character U+0000, expected text"],
    [`${Q}  target: a\x07\n`, "4:12: found the control character U+0007, expected text"],
    ["[".repeat(100_000), "1:101: found more than 100 levels in each other"],
    ["{a: ".repeat(100_000), "1:401: found more than 100 levels in each other"],
    ["- ".repeat(100_000), "1:201: found more than 100 levels in each other"],
    ["? ".repeat(100_000), "1:201: found more than 100 levels in each other"],
    [
      Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:\n`).join(""),
      "101:101: found more than 100 levels in each other",
    ],
    [
      "- a\n".repeat(124_000),
      "60000:5: found more than 300,000 signs and words, expected at most 300,000",
    ],
    ["'".repeat(1_000_000), "1:1: found 1,000,000 characters, expected at most 500,000"],
  ])("text %#", (text, said) => {
    const [first, ...more] = faults(text);
    expect(first?.slice("queue.yaml:".length, "queue.yaml:".length + said.length)).toBe(said);
    expect(more).toEqual([]);
  });
});

describe("a hostile text is over soon", () => {
  const n = 100_000;
  it.each([
    ["quotes", '"'.repeat(n)],
    ["a million quotes", '"'.repeat(10 * n)],
    ["one line", "a ".repeat(50 * n)],
    ["as many quotes as are read", '"'.repeat(499_000)],
    ["commas", `[${",".repeat(499_000)}`],
    ["commas in braces", `{${",".repeat(499_000)}`],
    ["directives", "%\n".repeat(249_000)],
    ["tags", "! ".repeat(249_000)],
    ["anchors", "&a ".repeat(166_000)],
    ["escapes that are none", `"${"\\u".repeat(249_000)}`],
    ["tabs", "\t".repeat(499_000)],
    ["brackets", "[".repeat(499_000)],
    ["quoted texts", `a: ${'"" '.repeat(n / 3)}`],
    ["aliases", "*a ".repeat(n / 3)],
    ["documents", "---\n".repeat(n / 4)],
    ["one key", "a: 1\n".repeat(n / 5)],
    ["one queue", `queue:\n${"- {name: q, rate: 5/s}\n".repeat(4000)}`],
    ["queues without a name", `queue:\n${"- {rat: 5}\n".repeat(8000)}`],
    ["digits", `queue: [{name: q, rate: 1/s, bucket_size: "${"9".repeat(n)}x"}]`],
    [
      "digits of an age",
      `queue: [{name: q, rate: 1/s, retry_parameters: {task_age_limit: "${"9".repeat(n)}x"}}]`,
    ],
    [
      "a long chain",
      `queue:\n${Array.from({ length: 1500 }, (_, i) => `- {name: q${i}, rate: 1/s, extensions: {failed_queue: q${i + 1}}}`).join("\n")}`,
    ],
  ])("%s", (_, text) => {
    const begun = performance.now();
    expect(faults(text).length).toBeGreaterThan(0);
    // On two busy cores; what grows with the square of the text takes minutes.
    expect(performance.now() - begun).toBeLessThan(20_000);
  });
});

describe("files as they are in public repositories", () => {
  it.each([
    [
      "the list at its key's column, single quotes, an entry commented out",
      "# Reference\n\ncron:\n- url: '/auto/a'\n  schedule: 'every 60 minutes from 00:02 to 23:59'\n  timezone: 'Asia/Singapore'\n  description: 'Sends out what is due.'\n# - url: '/auto/b'\n#  schedule: 'every day synchronized'",
      1,
    ],
    [
      "every minute synchronized",
      "cron:\n- url: '/auto/minute'\n  schedule: 'every minute synchronized'\n- url: /auto/hour\n  schedule: every hour synchronized\n",
      2,
    ],
    [
      "a comment beside each value",
      "cron:\n  - description: backup # nightly\n    url: /backup?bucket=x&kind=y # no host\n    schedule: every day 03:00 # UTC\n",
      1,
    ],
    [
      "blank lines and blanks at the ends",
      "cron:\n\n  - description: a  \n    url: /a  \n    schedule: every 24 hours   \n\n\n",
      1,
    ],
    [
      "CRLF and a byte order mark",
      "\uFEFFcron:\r\n- description: a\r\n  url: /a\r\n  schedule: every monday 09:00\r\n",
      1,
    ],
    ["a document start", "---\ncron:\n  - {description: a, url: /a, schedule: every 2 hours}\n", 1],
    [
      "a description continued",
      "cron:\n- description: deletes what\n    is old, and\n    tells so\n  url: /a\n  schedule: every 5 minutes\n",
      1,
    ],
    [
      "a description in double quotes that goes on",
      'cron:\n- description: "deletes what\n    is old"\n  url: /a\n  schedule: every 5 minutes\n',
      1,
    ],
    [
      "words in capitals, days in lists",
      "cron:\n- url: /a\n  schedule: Every Mon,Wed,Fri 09:00\n- url: /b\n  schedule: 1st,third monday of sep,oct,nov 17:00\n",
      2,
    ],
    [
      "retry parameters of each kind",
      "cron:\n- url: /a\n  schedule: every 30 mins\n  target: version-2\n  retry_parameters:\n    job_retry_limit: 3\n    min_backoff_seconds: 2.5\n    max_doublings: 5\n",
      1,
    ],
  ])("cron.yaml: %s", (_, text, count) => {
    expect(parseCronYaml(text, DEFAULT_ONLY).size).toBe(count);
  });

  it.each([
    [
      "comments between entries, two ways to indent",
      "total_storage_limit: 120M # Default: 500M\n\nqueue:\n\n# the default queue\n- name: default\n  rate: 50/s\n  bucket_size: 100\n  retry_parameters:\n      task_retry_limit: 5\n      task_age_limit: 2d\n\n- name: other\n  rate: 5/s #One task per second\n",
      2,
    ],
    [
      "quoted values",
      "queue:\n- name: 'mail'\n  rate: \"20/s\"\n  bucket_size: '40'\n  retry_parameters: {task_retry_limit: '7'}\n",
      2,
    ],
    [
      "mode and acl of a pull queue",
      "queue:\n- name: pull-queue\n  mode: pull\n  acl:\n    - user_email: bar@foo.com\n    - writer_email: user@gmail.com\n",
      2,
    ],
    [
      "a rate of nought",
      "queue:\n- name: stopped\n  rate: 0/s\n- name: stopped-too\n  rate: 0\n",
      3,
    ],
    [
      "camel case, digits, a lone hyphen at the end",
      "queue:\n- name: paypalIpn\n  rate: 5/s\n- name: 2nd-queue-\n  rate: 1/m\n",
      3,
    ],
    [
      "an empty list of parameters",
      "queue:\n- name: a\n  rate: 1/s\n  retry_parameters:\n  target:\n",
      2,
    ],
    ["flow style over lines", "queue: [\n  {name: a, rate: 1/s},\n  {name: b, rate: 2/s},\n]\n", 3],
    [
      "a version and a service",
      "queue:\n- name: a\n  rate: 2000/d\n  target: v1.worker\n  max_concurrent_requests: 10\n",
      2,
    ],
    [
      "all keys of retry parameters",
      "queue:\n- name: a\n  rate: 35/s\n  retry_parameters:\n    task_retry_limit: 0\n    task_age_limit: 1.5h\n    min_backoff_seconds: 90\n    max_backoff_seconds: 7200\n    max_doublings: 0\n",
      2,
    ],
    [
      "one queue and one key more",
      "application: s~my-app\nqueue:\n  - name: a\n    rate: 10/s\nresume_paused_queues: no\n",
      2,
    ],
  ])("queue.yaml: %s", (_, text, count) => {
    expect(parseQueueYaml(text).queues.size).toBe(count);
  });
});
