import { expect, it } from "vitest";
import { changesOf } from "../../../src/core/config/config-changes.ts";
import type { QueueConfig } from "../../../src/core/config/queue-config.ts";
import { parseQueueEntry } from "../../../src/core/config/queue-entry.ts";

function config(entry: object): QueueConfig {
  const push = "mode" in entry ? {} : { rate: "5/s" };
  return parseQueueEntry({ name: "q", ...push, ...entry }).ok as QueueConfig;
}

it.each<[object, object, string | undefined]>([
  [{}, {}, undefined],
  [{}, { rate: "10/s" }, "rate 5/s → 10/s"],
  [{}, { target: "backend" }, "target none → backend"],
  [{ bucket_size: 5 }, { bucket_size: 7, rate: "1/m" }, "rate 5/s → 1/m, bucket_size 5 → 7"],
  [{ retry_parameters: { task_retry_limit: 3 } }, {}, "task_retry_limit 3 → none"],
  [{}, { extensions: { keep_results: true } }, "keep_results false → true"],
  [{}, { extensions: { batch: { size: 5 } } }, "batch none → of 5 within 0 s"],
  [
    { extensions: { batch: { size: 5, wait: 0.1 } } },
    { extensions: { batch: { size: 50, wait: 0.1 } } },
    "batch of 5 within 0.1 s → of 50 within 0.1 s",
  ],
  [{}, { max_concurrent_requests: 2 }, "max_concurrent_requests 1000 → 2"],
  [
    { mode: "pull" },
    { mode: "pull", acl: [{ user_email: "a@b.c" }, { writer_email: "d@b.c" }] },
    "acl none → a@b.c d@b.c",
  ],
])("from %j to %j: %s", (before, after, said) => {
  expect(changesOf(config(before), config(after))).toBe(said);
});

it("takes an entry as it was stored", () => {
  const stored = JSON.parse(
    JSON.stringify(config({ extensions: { rate: "none" }, rate: undefined })),
  );
  expect(changesOf(stored, config({ extensions: { rate: "none" }, rate: undefined }))).toBe(
    undefined,
  );
});

it("is a short line", () => {
  const acl = Array.from({ length: 50 }, (_, i) => ({ user_email: `someone-${i}@example.com` }));
  expect(changesOf(config({ mode: "pull" }), config({ mode: "pull", acl }))?.length).toBe(300);
});
