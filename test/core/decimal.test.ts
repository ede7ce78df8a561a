import { describe, expect, it } from "vitest";
import { decimalOf, decimalOrText, wholeOrText } from "../../src/core/decimal.ts";

describe("a decimal number as text", () => {
  it.each([
    ["5", 5],
    ["-5", -5],
    ["+5", 5],
    ["0.25", 0.25],
    [".5", 0.5],
    ["5.", 5],
    ["1e2", 100],
    ["1E-2", 0.01],
    [" 5 ", 5],
    ["1e400", Number.POSITIVE_INFINITY],
  ])("%j is %d", (text, number) => {
    expect(decimalOf(text)).toBe(number);
  });

  it.each(["", " ", "x", "0x10", "0b1", "Infinity", "NaN", "1_000", "1,5", "5s", "1e", "--1", "٣"])(
    "%j is none, and stays as it is",
    (text) => {
      expect(decimalOf(text)).toBeNaN();
      expect(decimalOrText(text)).toBe(text);
    },
  );
});

describe("a whole number as text", () => {
  it("is plain digits", () => {
    expect(["0", "7", "007", "1000"].map(wholeOrText)).toEqual([0, 7, 7, 1000]);
  });

  it.each(["", " 5", "5 ", "+5", "-1", "1e2", "0x10", "5.0", "Infinity", "9".repeat(16)])(
    "%j is none, and stays as it is",
    (text) => {
      expect(wholeOrText(text)).toBe(text);
    },
  );
});
