// The form is devalue's: what either writes the other reads, and it comes to the same.
import { parse, stringify } from "devalue";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { richText, richValue, UnwritableError } from "../../src/core/rich-json.ts";

const anyValue = fc.anything({
  key: fc.string().filter((key) => key !== "__proto__"),
  ...{ withDate: true, withMap: true, withSet: true, withBigInt: true, withTypedArray: true },
  ...{ withBoxedValues: true, withNullPrototype: true, withSparseArray: true },
});

const circle: Record<string, unknown> = { name: "round" };
circle.self = circle;
circle.list = [circle, new Map([[circle, new Set([circle])]])];
const shared = { a: 1 };
const far: number[] = [];
far[4_000_000] = 1;

const VALUES: [name: string, value: unknown][] = [
  ["undefined", undefined],
  ["NaN and its like", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0]],
  ["a circle", circle],
  ["one thing twice", [shared, shared, { shared }]],
  ["holes", Object.assign(new Array(4), { 0: 1, 2: undefined, 3: 3 })],
  ["a value far away", far],
  ["an empty list as long as they come", new Array(2 ** 32 - 1)],
  ["a url", [new URL("https://a.example/b?c=d"), new URLSearchParams("a=1&a=2")]],
  ["regular expressions", [/a/, /a\/<"/giu]],
  ["a date that is none", new Date(Number.NaN)],
  ["bytes", [new Uint8Array([1, 2, 250]), new ArrayBuffer(3), new DataView(new ArrayBuffer(2))]],
  ["part of a buffer", new Uint16Array([1, 2, 3, 4]).subarray(1, 3)],
  ["words with </script>, quotes and lone surrogates", ['</"\\\u2028', "\ud800", { "\ud800": 1 }]],
  ["boxed values", [Object(1), Object("a"), Object(false), Object(2n), Object(-0)]],
  ["no prototype", Object.assign(Object.create(null), { a: [1] })],
  ["keys like numbers", { 2: "b", 1: "a", x: "c" }],
];

describe.each(VALUES)("%s", (_, value) => {
  it("comes back", () => {
    expect(richValue(richText(value))).toEqual(value);
  });

  it("is read by devalue, and as devalue writes it", () => {
    expect(parse(richText(value))).toEqual(value);
    expect(richValue(stringify(value))).toEqual(value);
  });
});

it("any value comes back, by devalue too", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      expect(richValue(richText(value))).toStrictEqual(parse(stringify(value)));
      expect(parse(richText(value))).toStrictEqual(parse(stringify(value)));
      expect(richValue(stringify(value))).toStrictEqual(parse(stringify(value)));
    }),
    { numRuns: 1000 },
  );
});

it("writes no bytes beside those that are seen", () => {
  const all = new TextEncoder().encode("secret, seen, secret");
  const text = richText(all.subarray(8, 12));
  expect(text).toContain(btoa("seen"));
  expect(text).not.toContain(btoa("secret, "));
});

class Own {
  a = 1;
}

it.each([
  ["a function", { a: { b: () => 1 } }, ".a.b"],
  ["a symbol", [[Symbol("x")]], "[0][0]"],
  ["an object of a class", { "a b": new Own() }, '["a b"]'],
  ["a promise", { then: Promise.resolve(1) }, ".then"],
  ["a key that is a symbol", { a: { [Symbol("x")]: 1 } }, ".a"],
  ["__proto__ as a key", { a: JSON.parse('{"__proto__": 1}') }, ".a"],
  ["something in a map", new Map([["k", () => 1]]), ".get(...)"],
])("refuses %s, and says where", (_, value, path) => {
  const refusal = (() => {
    try {
      return richText(value);
    } catch (error) {
      return error;
    }
  })();
  expect(refusal).toBeInstanceOf(UnwritableError);
  expect(refusal).toMatchObject({ path });
});

it.each([
  ...["", "{}", "[]", "null", '"x"', "0", "1", "-7", "-2", "[[1]]", "[[-8]]", "[[0.5]]"],
  ...['[["Nope","x"]]', '[["Object",1],{"a":0}]', '[["Object",0]]', '[["Date",1]]', '[["URL",1]]'],
  ...['[{"__proto__":1},1]', '[["null","__proto__",1],1]', '[["null",1,1],1]', '[["BigInt","x"]]'],
  ...[
    '[["Uint8Array",0]]',
    '[["Uint8Array",1],5]',
    '[["Uint8Array",1,0,99],["ArrayBuffer","AA=="]]',
  ],
  ...['[["ArrayBuffer","$"]]', '[["ArrayBuffer"]]', "[[-7,-1]]", "[[-7,4294967296]]", "[[-7]]"],
  ...["[[-7,2,5,1],1]", '[["RegExp","("]]', '[["Temporal.Nope","x"]]', '[["constructor","x"]]'],
])("refuses to read %s", (text) => {
  expect(() => richValue(text)).toThrow();
});

it("takes no more room than a text that claims a long list", () => {
  const list = richValue("[[-7,4294967295,7,1],1]") as unknown[];
  expect([list.length, list[7]]).toEqual([4294967295, 1]);
});
