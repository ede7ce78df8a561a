// Values nobody is meant to send: texts, numbers and JSON at and beyond the borders of what is taken, and changes
// of a value that was good.
import type { Random } from "./random.ts";

/** Where the canary listens, which nothing inside may ever call; put in where a request is sent. */
export const CANARY = "CANARY-PORT";

const LONG = [99, 100, 101, 500, 501, 1500, 2083, 2084, 70_000];

export function hostileText(r: Random): string {
  if (r.chance(0.15)) return r.pick(["a", "é", "😀", "\u0000", "/", "%41"]).repeat(r.pick(LONG));
  return r.pick(TEXTS);
}

const TEXTS = [
  ...["", " ", "\t", "\n", "\r\n", "\u0000", "\u0001", "\u007f", "\u0085", "\u2028", "\ufeff"],
  ...["\ud800", "\udfff", "a\ud800b", "é", "e\u0301", "😀", "日本語", "\u202e", "\uffff"],
  ...["null", "undefined", "true", "NaN", "Infinity", "-0", "1e999", "0x10", "1_000", "٣", "1,5"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "then", "length"],
  ...[
    "../..",
    "..%2f",
    "%2e%2e",
    "%",
    "%ff",
    "%00",
    "a/b",
    "a\\b",
    "a:b",
    "~run",
    ":run",
    "*",
    "?",
  ],
  ...["' OR 1=1 --", '"; DROP TABLE tasks; --', "{{7*7}}", "#{7*7}", "<script>x</script>", "`id`"],
  ...["5/s", "0/s", "1e308/s", "9d", "-1s", "1e400d", "500M", "99999999999T", ".5s", "none"],
  ...["2026-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z", "2026-02-30"],
  ...["+275760-09-13T00:00:00Z", "2026-01-01T24:00:00Z", "0000-01-01T00:00:00Z", "now", "-1", "0"],
  ...["9007199254740993", "1e21", "00", " 1", "1 ", "+1", "1.", ".1", "--1", "4294967296"],
  `http://127.0.0.1:${CANARY}/`,
  ...[`http://2130706433:${CANARY}/`, `http://0x7f.1:${CANARY}/`, `http://[::1]:${CANARY}/`],
  ...[`http://[::ffff:127.0.0.1]:${CANARY}/`, `http://localhost:${CANARY}/`, "http:///x"],
  ...[`http://127.1:${CANARY}/`, `http://user:pw@127.0.0.1:${CANARY}/`, `//127.0.0.1:${CANARY}/`],
  ...["http://169.254.169.254/latest", "http://metadata.google.internal/", "file:///etc/passwd"],
  ...["ftp://x.invalid/", "data:,x", "javascript:alert(1)", "https://x.invalid:99999/", "http://"],
  ...["/", "//", "/_ah/queue/x", "/_ah/api/queues", "/a?b#c", "/a b", "/%zz", "/\\x", "x"],
];

const NUMBERS = [
  ...[0, -0, 1, -1, 0.1, -0.5, 1.5, 2, 14, 15, 16, 59, 60, 61, 99, 100, 101, 500, 501, 999, 1000],
  ...[1001, 5000, 5001, 10_000, 10_001, 86_400, 86_401, 604_800, 604_801, 2_592_000, 2_592_001],
  ...[102_400, 102_401, 1_048_576, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, -(2 ** 31)],
  ...[-(2 ** 63), 1e15, 1e21, 1e100, 1e308, 5e-324, -1e308, 0.000_000_1, 3.999_999_999_999_999_6],
];

export function hostileNumber(r: Random): number {
  return r.pick(NUMBERS);
}

/** What throws when it is put in a text, or compared as one. */
const UNPRINTABLE: readonly unknown[] = [
  { toString: 1 },
  { toString: null, valueOf: null },
  [[{ toString: 1 }]],
  { length: -1, toString: [] },
  { toJSON: 1, then: {} },
];

/** Any JSON value. */
export function hostileValue(r: Random, depth = 0): unknown {
  const kind = r.int(depth > 3 ? 5 : 9);
  if (r.chance(0.06)) return r.pick(UNPRINTABLE);
  if (kind < 2) return hostileText(r);
  if (kind < 4) return hostileNumber(r);
  if (kind === 4) return r.pick([null, true, false]);
  if (kind === 5) return [];
  if (kind === 6) return r.some(3, () => hostileValue(r, depth + 1));
  if (kind === 7) return {};
  return Object.fromEntries(r.some(3, () => [hostileText(r), hostileValue(r, depth + 1)]));
}

/** JSON nested so deep, as text: `JSON.stringify` itself would end on it. */
export function nested(levels: number, inner = "1"): string {
  return '{"payload":'.concat("[".repeat(levels), inner, "]".repeat(levels), "}");
}

type Tree = Record<string, unknown>;

/** A copy of the value that differs in one place. */
export function mutated(value: unknown, r: Random): unknown {
  const copy = structuredClone(value);
  const places = placesIn(copy);
  if (places.length === 0) return hostileValue(r);
  const [holder, key] = r.pick(places);
  const own = holder[key];
  const kind = r.int(9);
  if (kind === 0) delete holder[key];
  else if (kind === 1) holder[key] = hostileText(r);
  else if (kind === 2) holder[key] = hostileNumber(r);
  else if (kind === 3) holder[key] = [own];
  else if (kind === 4) holder[key] = { value: own };
  else if (kind === 5)
    holder[key] = typeof own === "string" ? Number(own) : (JSON.stringify(own) ?? "");
  else if (kind === 6) addTo(holder, hostileText(r), own);
  else if (kind === 7 && Array.isArray(own)) holder[key] = many(own, r);
  else holder[key] = hostileValue(r);
  return copy;
}

// As a property of its own, be it called "__proto__".
function addTo(holder: Tree | unknown[], name: string, value: unknown): void {
  if (Array.isArray(holder)) holder.push(value);
  else {
    const own = { enumerable: true, configurable: true, writable: true };
    Object.defineProperty(holder, name, { value, ...own });
  }
}

function many(list: readonly unknown[], r: Random): unknown[] {
  const count = r.pick([0, 2, 100, 101, 1000, 1001]);
  return Array.from({ length: count }, (_, i) => list[i % Math.max(1, list.length)]);
}

/** Each value inside, by what holds it. */
function placesIn(value: unknown): [holder: Tree, key: string][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): [Tree, string][] => [
    [value as Tree, key],
    ...placesIn(inner),
  ]);
}
