import { describe, expect, it } from "vitest";
import { exactText, utf8 } from "../../src/core/bytes.ts";
import { faultInUtf8 } from "../../src/core/utf8.ts";

/** A sequence that is no UTF-8, and which of its bytes is at fault. */
const FAULTS: [name: string, bytes: number[], at: number][] = [
  ["Latin-1", [0xe9], 0],
  ["Latin-1 before a letter", [0xe9, 0x41], 0],
  ["a byte that only follows", [0x80], 0],
  ["a character and one byte more", [0xc3, 0xa9, 0xa9], 2],
  ["a character cut off", [0xf0, 0x9f, 0x98], 0],
  ["a character cut off by another", [0xf0, 0x9f, 0xc3, 0xa9], 0],
  ["a surrogate", [0xed, 0xa0, 0x80], 0],
  ["an overlong slash", [0xc0, 0xaf], 0],
  ["an overlong null of three bytes", [0xe0, 0x80, 0x80], 0],
  ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80], 0],
  ["a byte of no character", [0xff, 0x41], 0],
  ["UTF-16 with its mark", [0xfe, 0xff, 0x00, 0x41], 0],
];

describe.each(FAULTS)("%s", (_, bytes, at) => {
  it("is found wherever it is", () => {
    for (const before of [
      "",
      "a",
      "é",
      "€",
      "😀",
      "x".repeat(1000),
      "é".repeat(777),
      "😀".repeat(333),
    ]) {
      const start = utf8(before);
      for (const after of ["", "a", "\ufeff", "é".repeat(500)]) {
        const all = new Uint8Array([...start, ...bytes, ...utf8(after)]);
        expect(exactText(all)).toBeUndefined();
        expect(faultInUtf8(all).at).toBe(start.length + at);
      }
    }
  });
});
