// Files that are no queue.yaml and no cron.yaml any more: good ones with changes, from a seed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "./random.ts";
import { hostileText } from "./values.ts";

export type Kind = "queue" | "cron";

export interface YamlFile {
  kind: Kind;
  text: string;
}

const ROOT = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const QUEUE_FILES = ["queue.yaml", "test/support/queue.yaml", "fuzz/worker/queue.yaml"].map(read);
const CRON_FILES = ["cron.yaml", "fuzz/worker/cron.yaml"].map(read);

const WHOLE_QUEUE = `application: app
total_storage_limit: 120M
resume_paused_queues: false
queue:
- name: push
  rate: 5/s
  bucket_size: 40
  max_concurrent_requests: 10
  target: v1.backend
  retry_parameters:
    task_retry_limit: 7
    task_age_limit: 2d
    min_backoff_seconds: 10
    max_backoff_seconds: 200
    max_doublings: 3
  extensions: {rate: none, keep_results: true, tombstone_ttl: 9d, keep_failed: 7d, failed_queue: dead}
- name: dead
  rate: 1/m
  extensions:
    annotations: {a: [1, 2], "b c": |
      text
      }
- {name: pull, mode: pull, acl: [{user_email: a@b.c}, {writer_email: d@e.f}]}
`;

const WHOLE_CRON = `cron:
- description: "daily summary"
  url: /tasks/summary?a=b
  schedule: every 24 hours
  timezone: America/New_York
  target: beta
  retry_parameters:
    job_retry_limit: 3
    job_age_limit: 2d
    min_backoff_seconds: 2.5
    max_backoff_seconds: 60
    max_doublings: 5
- url: /b
  schedule: 1st,third mon,wed of sep,oct 17:00
- url: /c
  schedule: every 5 minutes from 10:00 to 14:00
  extensions: {name: c, queue: default}
- url: /d
  schedule: "*/5 9-17 * * 1-5"
`;

const STARTS: Readonly<Record<Kind, readonly string[]>> = {
  queue: [...QUEUE_FILES, WHOLE_QUEUE, WHOLE_QUEUE, WHOLE_QUEUE],
  cron: [...CRON_FILES, WHOLE_CRON, WHOLE_CRON, WHOLE_CRON],
};

export function yamlAt(seed: string, index: number): YamlFile {
  const r = new Random(`${seed}/yaml/${index}`);
  const kind = r.chance(0.6) ? "queue" : "cron";
  let text = r.pick(STARTS[kind]);
  for (let i = r.int(4); i >= 0; i--) text = r.pick(CHANGES)(text, r);
  return { kind, text };
}

const TOKENS = [
  ...[
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!binary |",
    "!!python/object:os.system ",
    "!local ",
    "? ",
    ": ",
  ],
  ...[
    "- ",
    "- - - ",
    "|",
    ">-",
    "|2",
    ">+9",
    "%YAML 1.2\n---\n",
    "---\n",
    "...\n",
    "#",
    " #",
    "\t",
  ],
  ...[
    "{",
    "}",
    "[",
    "]",
    ",",
    '"',
    "'",
    "''",
    '"\\x41\\u0041\\ud800"',
    "\\",
    "@",
    "`",
    "%",
    "~",
    "=",
    "!",
  ],
  ...["\0", "\u0001", "\u0007", "\u0085", "\u2028", "\u2029", "\ufeff", "\r", "\r\n", "\n", "\n\n"],
  ...[
    "yes",
    "No",
    "on",
    "null",
    "NaN",
    ".inf",
    "-.inf",
    ".nan",
    "0o17",
    "017",
    "1_000",
    "1:30",
    "0b1",
  ],
  ...[
    "2026-01-01",
    "1e999",
    "-1",
    "99999999999999999999",
    "5/s",
    "0/s",
    "none",
    "1d",
    "500M",
    "{{ x }}",
  ],
  ...[
    "__proto__: 1\n",
    "constructor: 1\n",
    "queue: ",
    "cron: ",
    "name: ",
    "every ",
    " of ",
    "60",
    "*/5 * * * *",
  ],
];

type Change = (text: string, r: Random) => string;

const CHANGES: readonly Change[] = [
  (text, r) => spliced(text, r, r.pick(TOKENS), r.int(3)),
  (text, r) => spliced(text, r, r.pick(TOKENS), 0),
  (text, r) => spliced(text, r, hostileText(r).slice(0, 3000), r.int(6)),
  (text, r) => spliced(text, r, String.fromCodePoint(r.int(0x11_0000)), r.int(2)),
  (text, r) => text.slice(0, r.int(text.length + 1)),
  (text, r) => text.slice(r.int(text.length + 1)),
  (text, r) => withLine(text, r, (line) => line.replace(/:\s.*$/, `: ${r.pick(TOKENS)}`)),
  (text, r) =>
    withLine(text, r, (line) => line.replace(/:\s.*$/, `: ${hostileText(r).slice(0, 200)}`)),
  (text, r) =>
    withLine(text, r, (line) => line.replace(/\d+/, `${r.pick([0, -1, 1.5, 1e20, 501])}`)),
  (text, r) => withLine(text, r, (line) => " ".repeat(r.int(9)) + line.trimStart()),
  (text, r) => withLine(text, r, (line) => `${line}\n${line}`),
  (text, r) => withLine(text, r, () => ""),
  (text, r) =>
    withLine(text, r, (line) =>
      line.replace(/(\w+):/, `${r.pick(["rate", "x", "__proto__", "url"])}:`),
    ),
  (text, r) => withLine(text, r, (line) => `${line}${"x".repeat(r.pick([100, 600, 5000]))}`),
  (text) => text.replaceAll("\n", "\r\n"),
  (text) => text.replaceAll("  ", "\t"),
  (text, r) => `${text}${text.slice(r.int(text.length + 1))}`,
  (text, r) =>
    text +
    r.pick(["[", "{", "- ", '"', "'", "&a [*a,", "? ", "\n ", "*a "]).repeat(r.pick([3, 50, 1000])),
  (text, r) => text.replace(/- name: .*/, (line) => `${line}\n`.repeat(r.pick([2, 50]))),
  (text, r) => shuffled(text.split("\n"), r).join("\n"),
];

function spliced(text: string, r: Random, what: string, removed: number): string {
  const at = r.int(text.length + 1);
  return text.slice(0, at) + what + text.slice(at + removed);
}

function withLine(text: string, r: Random, change: (line: string) => string): string {
  const lines = text.split("\n");
  const at = r.int(lines.length);
  lines[at] = change(lines[at] as string);
  return lines.join("\n");
}

function shuffled(lines: string[], r: Random): string[] {
  const [a, b] = [r.int(lines.length), r.int(lines.length)];
  const swapped = [...lines];
  swapped[a] = lines[b] as string;
  swapped[b] = lines[a] as string;
  return swapped;
}
