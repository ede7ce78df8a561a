// Files that are read to one error with a place for each fault, whatever is in them: no other throw, and no
// message that grows with the file.
import { describe, expect, it } from "vitest";
import { parseCronYaml } from "../../../src/core/config/cron-yaml.ts";
import { parseQueueYaml } from "../../../src/core/config/queue-yaml.ts";
import { QueueConfigError } from "../../../src/core/config/yaml-document.ts";
import { MAX_MESSAGE } from "../../../src/core/errors.ts";

type Kind = "queue" | "cron";

function faultsOf(kind: Kind, text: string): QueueConfigError {
  try {
    if (kind === "queue") parseQueueYaml(text);
    else parseCronYaml(text, parseQueueYaml("queue: []"));
  } catch (error) {
    if (error instanceof QueueConfigError) return error;
    throw error;
  }
  throw new Error("it is taken");
}

const BYTES = "!!binary |\n      aGVsbG8=\n";

describe("a tag that makes bytes of a block", () => {
  it.each<[Kind, text: string]>([
    ["queue", `queue:\n  - name: ${BYTES}    rate: 5/s\n`],
    ["queue", `queue:\n  - name: a\n    rate: ${BYTES}`],
    ["queue", `queue:\n  - name: a\n    rate: 5/s\n    bucket_size: ${BYTES}`],
    ["queue", `queue:\n  - name: a\n    rate: 5/s\n    mode: ${BYTES}`],
    ["queue", `queue:\n  - name: a\n    rate: 5/s\n    target: ${BYTES}`],
    ["queue", `queue:\n  - name: a\n    rate: 5/s\n    retry_parameters: ${BYTES}`],
    ["queue", `queue: ${BYTES}`],
    ["queue", `total_storage_limit: ${BYTES}queue: []\n`],
    ["queue", `resume_paused_queues: ${BYTES}queue: []\n`],
    ["queue", `queue:\n  - name: p\n    mode: pull\n    acl: ${BYTES}`],
    ["queue", BYTES],
    ["cron", `cron:\n  - url: ${BYTES}    schedule: every 1 hours\n`],
    ["cron", `cron:\n  - url: /a\n    schedule: ${BYTES}`],
    ["cron", `cron:\n  - url: /a\n    schedule: every 1 hours\n    timezone: ${BYTES}`],
    ["cron", `cron:\n  - url: /a\n    schedule: every 1 hours\n    retry_parameters: ${BYTES}`],
  ])("is a fault with its place: %s %j", (kind, text) => {
    const { problems } = faultsOf(kind, text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every(({ line, column }) => line >= 1 && column >= 1)).toBe(true);
  });
});

const LONG = "x".repeat(5000);

describe("a long text", () => {
  it.each<[Kind, text: string]>([
    ["queue", `queue:\n  - name: ${LONG}\n    rate: 5/s\n`],
    ["queue", `queue:\n  - name: a\n    rate: ${LONG}\n`],
    ["queue", `queue:\n  - name: a\n    rate: 5/s\n    ${LONG}: 1\n`],
    ["queue", `queue:\n  - name: a\n    rate: 5/s\n    retry_parameters: {${LONG}: 1}\n`],
    ["queue", `queue:\n  - name: a\n    rate: 5/s\n    extensions: {${LONG}: {${LONG}: 1}}\n`],
    ["queue", `queue:\n  - name: a\n    rate: |${LONG}\n`],
    ["queue", `${LONG}: 1\n`],
    ["queue", `queue: *${LONG}\n`],
    ["queue", `queue: !${LONG} []\n`],
    ["cron", `cron:\n  - url: /a\n    schedule: every 1 hours${LONG}\n`],
    ["cron", `cron:\n  - url: /a\n    schedule: every 1 hours ${LONG}\n`],
    ["cron", `cron:\n  - url: /a\n    schedule: ${LONG} mon 10:00\n`],
    ["cron", `cron:\n  - url: /a\n    schedule: 0 3 * * ${LONG}\n`],
    ["cron", `cron:\n  - url: /a\n    schedule: every mon of ${LONG} 10:00\n`],
    ["cron", `cron:\n  - url: /a\n    schedule: every 1 hours\n    timezone: ${LONG}\n`],
    ["cron", `cron:\n  - url: ${LONG}\n    schedule: every 1 hours\n`],
  ])("is cut in what is said of it: %s %#", (kind, text) => {
    const { problems } = faultsOf(kind, text);
    for (const { message } of problems) expect(message.length).toBeLessThanOrEqual(MAX_MESSAGE);
  });
});
