import { expect, it } from "vitest";
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

it("takes smaller ones where rows are slow, and where others are served in between", async () => {
  expect(await sizesOf(250, () => 0.5)).toEqual([100, 50, 50, 50]);
});

it("goes along with a machine that becomes slow, and quick again", async () => {
  const ms = (slice: number) => (slice === 3 ? 0.1 : 0.01);
  expect(await sizesOf(1300, ms)).toEqual([100, 200, 400, 200, 400]);
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
  expect(order).toEqual(["slice", "other", "slice", "other", "slice", "end"]);
});
