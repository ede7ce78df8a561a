import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CronEntry } from "../../../src/core/config/cron-config.ts";
import { parseCronYaml } from "../../../src/core/config/cron-yaml.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { QueueConfigError } from "../../../src/core/config/yaml-document.ts";
import { parseSchedule } from "../../../src/core/schedule/schedule.ts";

const QUEUES = parseQueueYaml("queue: [{name: mail, rate: 5/s}, {name: inbox, mode: pull}]");

function entries(text: string): CronEntry[] {
  return [...parseCronYaml(text, QUEUES).values()];
}

/** One entry of these lines, url and schedule given. */
function entry(...lines: string[]): CronEntry {
  const text = [
    "cron:",
    "- url: /a",
    "  schedule: every 5 minutes",
    ...lines.map((it) => `  ${it}`),
  ];
  return entries(text.join("\n"))[0] as CronEntry;
}

function faults(text: string): string[] {
  try {
    parseCronYaml(text, QUEUES);
  } catch (error) {
    if (error instanceof QueueConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

/** App Engine's own example, of its reference. */
const EXAMPLE = `cron:
- description: "daily summary job"
  url: /tasks/summary
  schedule: every 24 hours
- description: "monday morning mailout"
  url: /mail/weekly
  schedule: every monday 09:00
  timezone: Australia/NSW
- description: "new daily summary job"
  url: /tasks/summary
  schedule: every 24 hours
  target: beta
`;

describe("a cron.yaml", () => {
  it("is App Engine's, unchanged", () => {
    const [daily, monday, beta] = entries(EXAMPLE);
    expect(daily).toEqual({
      name: "daily-summary-job",
      description: "daily summary job",
      url: "/tasks/summary",
      schedule: "every 24 hours",
      timezone: "UTC",
      queue: "default",
      retry: { limit: 0 },
      next: expect.any(Function),
    });
    expect(monday?.next(Date.parse("2026-01-14T00:00Z"))).toBe(Date.parse("2026-01-18T22:00Z"));
    expect(beta).toMatchObject({ name: "new-daily-summary-job", target: "beta" });
  });

  it("may have no entries, as one that deletes all of App Engine's", () => {
    expect(entries("cron:\n")).toEqual([]);
    expect(entries("application: s~my-app\ncron: []\n")).toEqual([]);
  });

  it.each([
    [["description: Clean up!"], "clean-up"],
    [["description: 毎日"], "a"],
    [["description: x", "extensions: {name: Own_name-1}"], "Own_name-1"],
    [["description: x", "extensions: {name: 007}"], "007"],
    [[`description: ${"long ".repeat(30)}`], "long-".repeat(20)],
  ])("%j is called %s", (lines, name) => {
    expect(entry(...lines).name).toBe(name);
  });

  it.each([
    ["beta", "beta"],
    ["v2.backend", "v2.backend"],
    ["backend:v2", "v2.backend"],
  ])("target %s is %s", (target, expected) => {
    expect(entry(`target: ${target}`).target).toBe(expected);
  });

  it.each([
    [[], { limit: 0 }],
    [["retry_parameters: {}"], { limit: 5, minBackoff: 5, maxBackoff: 3600, maxDoublings: 5 }],
    [
      ["retry_parameters:", "  job_retry_limit: 2", "  job_age_limit: 1.5h"],
      { limit: 2, ageLimit: 5400, minBackoff: 5, maxBackoff: 3600, maxDoublings: 5 },
    ],
    [
      ["retry_parameters: {min_backoff_seconds: 2.5, max_doublings: 0}"],
      { limit: 5, minBackoff: 2.5, maxBackoff: 3600, maxDoublings: 0 },
    ],
    [
      ["retry_parameters: {max_backoff_seconds: 2}"],
      { limit: 5, minBackoff: 2, maxBackoff: 2, maxDoublings: 5 },
    ],
    [
      ["retry_parameters: {min_backoff_seconds: 7200}"],
      { limit: 5, minBackoff: 7200, maxBackoff: 7200, maxDoublings: 5 },
    ],
  ])("%j is tried again by %j", (lines, retry) => {
    expect(entry(...lines).retry).toEqual(retry);
  });

  it("puts its tasks on the queue it names", () => {
    expect(entry("extensions: {queue: mail}").queue).toBe("mail");
  });
});

const A = "cron:\n- url: /a\n  schedule: every 5 minutes\n";

describe("the page about it", () => {
  const page = readFileSync(new URL("../../../docs/cron.md", import.meta.url), "utf8");

  it("has an example that is good", () => {
    const [, yaml = ""] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    expect(yaml.trim().split("\n")).toHaveLength(10);
    expect(entries(yaml).map(({ name }) => name)).toEqual(["daily-report", "clean-up"]);
  });

  it("has schedules that can be read", () => {
    const [, table = ""] = /\| schedule \| due \|(.*?)\n\n/s.exec(page) ?? [];
    const cells = table.split("\n").map((row) => row.split(" | ", 1)[0] ?? "");
    const schedules = cells.flatMap((it) =>
      [...it.matchAll(/`"?(.*?)"?`/g)].map((found) => found[1]),
    );
    expect(schedules.length).toBeGreaterThan(15);
    for (const schedule of schedules)
      expect(parseSchedule(schedule as string)(0)).toBeGreaterThan(0);
  });
});

describe("what is wrong is said with its place", () => {
  it.each([
    ["cron: 5", "1:7: cron: found 5, expected a list of entries"],
    ["crom: []", "1:1: crom: found an unknown key, expected one of application, cron"],
    [
      "",
      "1:1: found nothing, expected a mapping, such as cron: [{ url: /daily, schedule: every 24 hours }]",
    ],
    ["cron:\n- /a", '2:3: cron number 1: found "/a", expected a mapping'],
    [
      "cron:\n- schedule: every 5 mins",
      '2:3: cron number 1: url: missing, expected a path that starts with one "/"',
    ],
    [
      "cron:\n- url: /a",
      '2:3: cron "a": schedule: missing, expected a schedule such as "every 5 minutes", "every monday 09:00" or "0 9 * * 1-5"',
    ],
    [
      "cron:\n- url: /a\n  schedule: every 5 weeks",
      '3:13: cron "a": schedule: found "every 5 weeks", expected hours or minutes after "every 5", not "weeks"',
    ],
    [
      'cron:\n- url: /a\n  schedule: "61 * * * *"',
      '3:13: cron "a": schedule: found "61 * * * *", expected a minute from 0 to 59, not "61"',
    ],
    [
      "cron:\n- url: /a\n  schedule: 31 of apr 09:00",
      '3:13: cron "a": schedule: found "31 of apr 09:00", expected a schedule that comes round',
    ],
    [
      `${A}  timezone: Mars/Base`,
      '4:13: cron "a": timezone: found "Mars/Base", expected a time zone such as Europe/Berlin',
    ],
    [
      `${A}  tagret: x`,
      '4:3: cron "a": tagret: found an unknown key, expected one of description, url, schedule, timezone, target, retry_parameters, extensions',
    ],
    [
      `${A}  target: Beta`,
      '4:11: cron "a": target: found "Beta", expected [version.]service in lower-case letters, digits and hyphens',
    ],
    [
      `${A}  retry_parameters: {task_retry_limit: 1}`,
      '4:22: cron "a": retry_parameters.task_retry_limit: found an unknown key, expected one of job_retry_limit, job_age_limit, min_backoff_seconds, max_backoff_seconds, max_doublings',
    ],
    [
      `${A}  retry_parameters: {min_backoff_seconds: 9, max_backoff_seconds: 8}`,
      '4:43: cron "a": retry_parameters.min_backoff_seconds: found 9, expected no more than max_backoff_seconds',
    ],
    [
      `${A}  retry_parameters: {job_age_limit: 5}`,
      '4:37: cron "a": retry_parameters.job_age_limit: found 5, expected a number with s, m, h or d such as 30s or 2.5h, at least 1s and at most 36500d',
    ],
    [
      `${A}  extensions: {queue: gone}`,
      '4:23: cron "a": extensions.queue: found "gone", expected a push queue of queue.yaml: default, mail',
    ],
    [
      `${A}  extensions: {queue: inbox}`,
      '4:23: cron "a": extensions.queue: found "inbox", expected a push queue of queue.yaml: default, mail',
    ],
    [
      `${A}  extensions: {name: a b}`,
      '4:22: cron "a b": extensions.name: found "a b", expected 1 to 100 letters, digits, hyphens or underscores',
    ],
    [
      "cron:\n- url: //evil/a\n  schedule: every 5 mins",
      '2:8: cron "evil-a": url: found "//evil/a", expected a path that starts with one "/"',
    ],
    [
      "cron:\n- url: https://a/\n  schedule: every 5 mins",
      '2:8: cron "https-a": url: found "https://a/", expected a path that starts with one "/"',
    ],
    [
      "cron:\n- url: /a#b\n  schedule: every 5 mins",
      '2:8: cron "a-b": url: found "/a#b", expected no fragment',
    ],
    [
      "cron:\n- url: /a?b#c\n  schedule: every 5 mins",
      '2:8: cron "a-b-c": url: found "/a?b#c", expected no fragment',
    ],
    [
      'cron:\n- url: "/a\\nb"\n  schedule: every 5 mins',
      '2:8: cron "a-b": url: found "/a\\nb", expected a path that starts with one "/"',
    ],
    [
      "cron:\n- url: \n  schedule: every 5 mins",
      '2:3: cron number 1: url: found nothing, expected a path that starts with one "/"',
    ],
    [
      "cron:\n- url: ''\n  schedule: every 5 mins",
      '2:8: cron number 1: url: found "", expected a path that starts with one "/"',
    ],
    [
      "cron:\n- url: [/a]\n  schedule: every 5 mins",
      '2:8: cron number 1: url: found a list, expected a path that starts with one "/"',
    ],
    [
      `cron:\n- url: /${"a".repeat(2083)}\n  schedule: every 5 mins`,
      expect.stringMatching(/, expected a path of at most 2083 characters$/),
    ],
    [
      'cron:\n- url: /a\n  schedule: "* * * *"',
      '3:13: cron "a": schedule: found "* * * *", expected five fields (minute, hour, day, month, weekday), or six with the second in front, not 4',
    ],
    [
      'cron:\n- url: /a\n  schedule: "@every 5m"',
      '3:13: cron "a": schedule: found "@every 5m", expected an interval in words, such as "every 5 minutes"',
    ],
    [
      "cron:\n- url: /\n  schedule: every 5 mins",
      '2:8: cron number 1: url: found "/", expected one that makes a name; extensions.name gives it one',
    ],
  ])("%j", (text, expected) => {
    const said = faults(text).map((line) => line.replace(/^cron.yaml:/, ""));
    expect(said).toEqual([expected]);
  });

  it("says where a second entry gets the name of the first from", () => {
    const again = A.replace("cron:\n", "");
    expect(faults(A + again)).toEqual([
      'cron.yaml:4:8: cron "a": url: found "/a", expected another name than "a"; extensions.name gives it one',
    ]);
    expect(faults(`${A}${again}  description: A`)).toEqual([
      'cron.yaml:6:16: cron "a": description: found "A", expected another name than "a"; extensions.name gives it one',
    ]);
    expect(faults(`${A}${again}  extensions: {name: a}`)).toEqual([
      'cron.yaml:6:22: cron "a": extensions.name: found "a", expected another name than "a"',
    ]);
  });

  it("says all of it at once, also of faulty entries", () => {
    const text = `${A}  timezone: X/Y\n- url: /a\n  schedule: never\n`;
    expect(faults(text).map((line) => line.split(" ", 1)[0])).toEqual([
      "cron.yaml:4:13:",
      "cron.yaml:5:8:",
      "cron.yaml:6:13:",
    ]);
  });

  it("says that an expression which begins with * has to be quoted", () => {
    const [first] = faults("cron:\n- url: /a\n  schedule: */5 * * * *\n");
    expect(first).toMatch(
      /^cron\.yaml:3:\d+: not YAML: .*alias.*; a text that begins with \* has to/,
    );
  });

  it("says that the queue default can be a pull queue of the file", () => {
    const queues = parseQueueYaml("queue: [{name: default, mode: pull}, {name: mail, rate: 1/s}]");
    expect(() => parseCronYaml(A, queues)).toThrow(
      'cron "a": extensions.queue: found "default", expected a push queue of queue.yaml: mail',
    );
  });
});
