// Rates hold to their exact pace though the object is evicted between any two events.
import { beforeEach, describe, expect, it } from "vitest";
import { passEvicting } from "../../../support/evictions.ts";
import { call } from "../../../support/http.ts";
import { crash, elapsed, freshStart, pass, queue } from "../../../support/time.ts";
import { handlers } from "../../../support/worker.ts";

beforeEach(freshStart);

const made = () => queue("made");

function starts(): number[] {
  const at: number[] = [];
  handlers.set("/_ah/queue/made", () => {
    at.push(elapsed());
    return new Response();
  });
  return at;
}

const tasks = (n: number) => Array.from({ length: n }, () => ({}));

describe("a rate, the object evicted between any two events", () => {
  it.each([
    ["3/m", 1, 5, [0, 20, 40, 60, 80]],
    ["4/m", 1, 4, [0, 15, 30, 45]],
    ["3/m", 4, 7, [0, 0, 0, 0, 20, 40, 60]],
    ["10/m", 1, 4, [0, 6, 12, 18]],
    ["59/m", 1, 3, [0, 1.017, 2.034]],
    ["1/h", 1, 3, [0, 3600, 7200]],
    ["1/d", 1, 3, [0, 86_400, 172_800]],
  ])("of %s with a bucket of %i starts %i tasks at %j", async (rate, bucket_size, n, expected) => {
    const at = starts();
    await made().define({ rate, bucket_size });
    await made().add(tasks(n));
    await passEvicting(["made"], 3 * 86_400);
    expect(at).toHaveLength(n);
    for (const [i, instant] of expected.entries()) expect(at[i]).toBeCloseTo(instant, 2);
  });

  it("never exceeds its bound, and loses no more than a second's tokens to an eviction", async () => {
    const at = starts();
    await made().define({ rate: "2/s", bucket_size: 3 });
    await made().add(tasks(12));
    await passEvicting(["made"], 60);
    expect(at).toHaveLength(12);
    for (const [first, from] of at.entries()) {
      for (const [last, to] of at.entries()) {
        if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(3 + 2 * (to - from) + 1e-6);
      }
    }
  });

  it("is kept through a pause that was evicted, too", async () => {
    const at = starts();
    await made().define({ rate: "3/m", bucket_size: 1 });
    await made().add(tasks(2));
    await passEvicting(["made"], 10);
    await made().pause();
    await crash();
    await passEvicting(["made"], 600);
    await made().resume();
    await passEvicting(["made"], 60);
    expect(at).toEqual([0, 620]);
  });

  it("and a crash costs a slow queue no token", async () => {
    const at = starts();
    await made().define({ rate: "3/m", bucket_size: 1 });
    await made().add(tasks(3));
    await pass("made", 5);
    await crash();
    await pass("made", 16);
    await crash();
    await pass("made", 20);
    expect(at).toEqual([0, 20, 40]);
  });
});

describe("a queue made by PUT", () => {
  it("starts with its own full bucket", async () => {
    const at = starts();
    const put = await call("PUT", "/queues/made", { rate: "1/m", bucket_size: 500 });
    expect(put).toMatchObject([200, { statistics: { tokens: 500 } }]);
    await made().add(tasks(30));
    await pass("made", 0);
    expect(at).toEqual(Array(30).fill(0));
  });

  it("starts full again after it was removed and made anew", async () => {
    await made().define({ rate: "1/m", bucket_size: 10 });
    await made().add(tasks(10));
    await pass("made", 0);
    await made().remove();
    expect((await made().define({ rate: "1/m", bucket_size: 7 })).statistics.tokens).toBe(7);
  });

  it("keeps what its bucket holds when it is changed", async () => {
    await made().define({ rate: "1/m", bucket_size: 10 });
    await made().add(tasks(8));
    await pass("made", 0);
    expect((await made().define({ rate: "1/m", bucket_size: 20 })).statistics.tokens).toBe(2);
  });
});
