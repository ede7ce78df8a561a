// What it costs to look at a million waiting tasks on eight shards.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, it } from "vitest";
import { firstKeyOf } from "../../../src/store/queue/row-key.ts";
import { clock } from "../../support/clock.ts";
import { setShards } from "../../support/resharding.ts";
import { crash, freshStart, objectOf, objectsOf, queue } from "../../support/time.ts";

const SHARDS = 8;
const EACH = 125_000;
const QUEUE = "four-shards";

beforeEach(freshStart);

it("lists a page and says how they are, in 300 ms", async () => {
  setShards(QUEUE, SHARDS);
  const names = Array.from({ length: 100 }, (_, i) => `first${i}`);
  await queue(QUEUE).add(names.map((name) => ({ name, countdown: 60 })));
  const first = firstKeyOf(clock.now + 3_600_000);
  for (const [i, object] of objectsOf(QUEUE).entries()) {
    await runInDurableObject(objectOf(object), (_, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${EACH - 1})
          INSERT INTO tasks (key, name, named, created, spec, progress, body)
          SELECT ${first} + i * 8, 'late${i}-' || i, 1, ${clock.now}, NULL, NULL, NULL FROM n`,
      );
    });
  }
  await crash();
  // The first look counts what nobody has counted.
  expect((await queue(QUEUE).describe()).statistics.tasks).toBe(SHARDS * EACH + names.length);
  const [list, describe]: number[][] = [[], []];
  for (let i = 0; i < 7; i++) {
    const begun = performance.now();
    const { tasks } = await queue(QUEUE).list({ limit: 100 });
    const listed = performance.now();
    await queue(QUEUE).describe();
    list?.push(listed - begun);
    describe?.push(performance.now() - listed);
    expect(tasks.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  }
  // The fastest of them: other tests may have the machine meanwhile.
  expect(Math.min(...(list ?? []))).toBeLessThan(300);
  expect(Math.min(...(describe ?? []))).toBeLessThan(300);
});
