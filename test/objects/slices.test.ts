import { expect, it, vi } from "vitest";
import { inSlices } from "../../src/objects/slices.ts";

/** Works on so many rows, where each takes `msOf` by a clock that stands still while a slice works. */
async function sizesOf(rows: number, msOf: (slice: number) => number): Promise<number[]> {
  const sizes: number[] = [];
  let now = 0;
  let left = rows;
  let passed = 0;
  await inSlices(
    () => {
      now += passed;
      passed = 0;
      return now;
    },
    (limit) => {
      const size = Math.min(limit, left);
      sizes.push(size);
      passed = size * msOf(sizes.length);
      left -= size;
      return left === 0;
    },
  );
  return sizes;
}

it("takes what is little in one slice", async () => {
  expect(await sizesOf(100, () => 1)).toEqual([100]);
});

it("takes larger slices where rows are quick, up to five hundred", async () => {
  expect(await sizesOf(2000, () => 0.001)).toEqual([100, 200, 400, 500, 500, 300]);
});

it("takes smaller ones where rows are slow, and where others are served in between, down to a hundred", async () => {
  expect(await sizesOf(1100, (slice) => (slice < 3 ? 0.01 : 0.5))).toEqual([
    ...[100, 200, 400, 200, 100, 100],
  ]);
});

it("goes along with a machine that becomes slow, and quick again", async () => {
  const ms = (slice: number) => (slice === 3 ? 0.1 : 0.01);
  expect(await sizesOf(1300, ms)).toEqual([100, 200, 400, 200, 400]);
});

it("leaves others a turn between two slices, and then as long as it took, seven milliseconds at most", async () => {
  const timers = vi.spyOn(globalThis, "setTimeout");
  await sizesOf(400, (slice) => (slice === 1 ? 0.05 : 0.03));
  await sizesOf(200, () => 1);
  expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([0, 5, 0, 3, 0, 7]);
  timers.mockRestore();
});

it("lets others in between two slices, and none after the last", async () => {
  const order: string[] = [];
  const timer = setInterval(() => order.push("other"), 0);
  let left = 3;
  const slices = await inSlices(
    () => 0,
    () => {
      order.push("slice");
      return --left === 0;
    },
  );
  order.push("end");
  clearInterval(timer);
  expect(slices).toBe(3);
  expect(order.filter((it, i) => it !== order[i - 1])).toEqual([
    ...["slice", "other", "slice", "other", "slice", "end"],
  ]);
});
