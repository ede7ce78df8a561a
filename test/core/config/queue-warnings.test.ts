import { describe, expect, it } from "vitest";
import { queueWarnings } from "../../../src/core/config/queue-warnings.ts";

const FIVE_AT_2000 =
  'queue "a": bucket_size: found 5, the default, which carries about 41 % of 2000/s where alarms come 5 ms late, expected at least 12';

describe("a queue.yaml is warned of", () => {
  it.each<[string, string, string[]]>([
    ["nothing, where there is no queue", "queue:", []],
    ["nothing of the default bucket at App Engine's most", "queue: [{name: a, rate: 500/s}]", []],
    [
      "nothing of a bucket of 1 at a slow rate",
      "queue: [{name: a, rate: 10/s, bucket_size: 1}]",
      [],
    ],
    ["nothing of a queue that is paused", "queue: [{name: a, rate: 0, bucket_size: 1}]", []],
    ["nothing of a pull queue", "queue: [{name: a, mode: pull}]", []],
    [
      "nothing of a queue without a limit",
      "queue: [{name: a, rate: 500/s, bucket_size: 1, extensions: {rate: none}}]",
      [],
    ],
    [
      "a bucket_size that is too small, at its place",
      "queue:\n- name: a\n  rate: 100/s\n  bucket_size: 1\n",
      [
        'q.yaml:4:16: warning: queue "a": bucket_size: found 1, which carries about 66 % of 100/s where alarms come 5 ms late, expected at least 2',
      ],
    ],
    [
      "an extensions.bucket_size that is too small, at its place",
      "queue:\n- name: a\n  extensions:\n    rate: 2000/s\n    bucket_size: 5\n",
      [
        'q.yaml:5:18: warning: queue "a": extensions.bucket_size: found 5, which carries about 41 % of 2000/s where alarms come 5 ms late, expected at least 12',
      ],
    ],
    [
      "a bucket with less than a token for each shard",
      "queue:\n- name: a\n  rate: 100/s\n  extensions: {shards: 16}\n",
      [
        'q.yaml:2:3: warning: queue "a": bucket_size: found 5, the default, which carries about 30 % of 100/s over 16 shards where alarms come 5 ms late, expected at least 17',
      ],
    ],
    [
      "a batch that the bucket has no tokens for",
      "queue:\n- name: a\n  rate: 5/s\n  extensions:\n    batch: {size: 50, wait: 1}\n",
      [
        'q.yaml:5:19: warning: queue "a": extensions.batch.size: found 50, but bucket_size is 5, expected no more than that: each task takes a token',
      ],
    ],
    [
      "a batch that a shard has no tokens for",
      "queue:\n- name: a\n  rate: 400/s\n  bucket_size: 100\n  extensions: {shards: 4, batch: {size: 50}}\n",
      [
        `q.yaml:5:41: warning: queue "a": extensions.batch.size: found 50, but a shard's part of bucket_size holds 25, expected no more than that: each task takes a token`,
      ],
    ],
    [
      "nothing of a batch that fits the bucket, or needs none",
      "queue:\n- {name: a, rate: 5/s, extensions: {batch: {size: 5}}}\n- {name: b, extensions: {rate: none, batch: {size: 500}}}\n- {name: c, rate: 0, extensions: {batch: {size: 500}}}",
      [],
    ],
    [
      "the default bucket, at the queue's",
      "queue:\n- name: a\n  extensions: {rate: 2000/s}\n",
      [`q.yaml:2:3: warning: ${FIVE_AT_2000}`],
    ],
    [
      "a 0, which is the default",
      "queue:\n- name: a\n  bucket_size: 0\n  extensions: {rate: 2000/s}\n",
      [`q.yaml:3:16: warning: ${FIVE_AT_2000}`],
    ],
    [
      "each of several",
      "queue:\n- {name: b, rate: 50/s, bucket_size: 1}\n- {name: c, rate: 50/s}\n- {name: d, rate: 30/s, bucket_size: 1}",
      [
        expect.stringMatching(/^q\.yaml:2:38: warning: queue "b": bucket_size: found 1, /),
        expect.stringMatching(/^q\.yaml:4:38: warning: queue "d": bucket_size: found 1, /),
      ],
    ],
  ])("%s", (_, text, warnings) => {
    expect(queueWarnings(text, "q.yaml")).toEqual(warnings);
  });
});
