// Base64 as it comes and goes, by what the engine has of its own and without it.
import { describe, expect, it } from "vitest";
import { fromBase64, toBase64, toBase64Url } from "../../src/core/bytes.ts";

const random = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7919 + length) % 256);

describe("base64", () => {
  it.each([0, 1, 2, 3, 4, 100, 0x1fff, 0x2000, 0x2001, 1_048_576])(
    "%i bytes come back as they were, padded or not, in both alphabets",
    (length) => {
      const bytes = random(length);
      const text = toBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      for (const form of [text, text.replace(/=+$/, ""), toBase64Url(bytes)]) {
        expect(Buffer.from(fromBase64(form) ?? []).equals(bytes)).toBe(true);
      }
    },
  );

  it.each([
    ["", []],
    ["YQ", [97]],
    ["YQ=", [97]],
    ["YQ==", [97]],
    ["YR==", [97]],
    ["_-8=", [255, 239]],
    ["_+8", [255, 239]],
    ["Y", undefined],
    ["YWJjZ", undefined],
    ["YQ===", undefined],
    ["Y Q=", undefined],
    ["YQ==\n", undefined],
    ["Y=Q=", undefined],
    ["=", []],
    ["é", undefined],
    [7, undefined],
    [null, undefined],
  ])("%j", (text, bytes) => {
    const read = fromBase64(text);
    expect(read && [...read]).toEqual(bytes);
  });
});
