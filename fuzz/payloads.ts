// Bodies as bytes: JSON that was good and was changed as a text, and what is no JSON at all.
import { deflateSync, gzipSync } from "node:zlib";
import type { Random } from "./random.ts";
import { hostileText, nested } from "./values.ts";

export interface Payload {
  bytes: Buffer;
  /** What its sender says of it. */
  headers: [name: string, value: string][];
}

const JSON_TYPE: [string, string] = ["Content-Type", "application/json"];
const FORM_TYPE: [string, string] = ["Content-Type", "application/x-www-form-urlencoded"];

/** As a well-behaved client sends it. */
export function jsonPayload(value: unknown): Payload {
  return { bytes: Buffer.from(JSON.stringify(value) ?? ""), headers: [JSON_TYPE] };
}

export function form(r: Random): Payload {
  const fields = r.some(4, () => [r.pick(["from", "to", "token", "then", "x"]), hostileText(r)]);
  const text = new URLSearchParams(fields).toString();
  const broken = r.chance(0.2) ? `${text}&a=%ff&%=%&=` : text;
  return { bytes: Buffer.from(broken), headers: [FORM_TYPE] };
}

export function raw(r: Random): Payload {
  const type = r.pick(["text/plain", "application/octet-stream", "text/plain; charset=utf-16", ""]);
  return { bytes: r.bytes(r.int(200)), headers: type ? [["Content-Type", type]] : [] };
}

type Change = (text: string, r: Random) => Buffer | string;

const CHANGES: Change[] = [
  (text, r) => text.slice(0, r.int(text.length + 1)),
  (text, r) => spliced(text, r, r.pick(['"', "{", "}", "[", "]", ",", ":", "\\", "\u0000", "\n"])),
  (text, r) =>
    spliced(text, r, r.pick(["NaN", "Infinity", "1e999", "-", "01", "0x1", "undefined"])),
  (text, r) =>
    text.replace(/:\s*("[^"]*"|-?\d+)/, `:${r.pick(["1e999", "-1e-999", "9".repeat(400)])}`),
  (text, r) =>
    text.replace(/"([^"]+)"/, `"${r.pick(["\\ud800", "\\udfff\\ud800", "\\u0000", "\\uZZ"])}"`),
  (text) => text.replace("{", '{"__proto__":{"a":1},"constructor":1,'),
  (text) => text.replace(/\{("[^"]+":)/, "{$1null,$1"),
  (text) => `\ufeff${text}`,
  (text) => `\ufeff\ufeff${text}`,
  (text) => Buffer.from(text, "utf16le"),
  (text) => `${text}${text}`,
  (text) => `//\n${text}`,
  (text) => `)]}'\n${text}`,
  (text, r) => Buffer.concat([Buffer.from(text), r.bytes(3)]),
  (text, r) => replacedByte(Buffer.from(text), r),
  (_, r) => r.bytes(r.int(400)),
  (_, r) => nested(r.pick([400, 498, 499, 500, 501, 3000, 100_000])),
  (_, r) => nested(r.pick([500, 5000]), '"unclosed'),
  (_, r) => '{"a":'.repeat(r.pick([500, 501, 20_000])),
  (_, r) => `{"payload":"${"x".repeat(r.pick([102_000, 102_400, 1_048_000, 1_048_577]))}"}`,
  (_, r) => `{"${"k".repeat(r.pick([1000, 300_000]))}":1}`,
  (_, r) => `{"tasks":[${"{},".repeat(r.pick([999, 1000, 5000]))}{}]}`,
  (_, r) => `{"names":[${'"t",'.repeat(r.pick([999, 1000, 20_000]))}"t"]}`,
  (_, r) => r.pick(["", " ", "null", "true", "0", '""', "[]", "[[]]", "{}", "[{}]", '"x"', "{]"]),
];

/** A JSON text that is changed where a serializer would never do it. */
export function changedText(value: unknown, r: Random): Payload {
  const text = JSON.stringify(value) ?? "";
  const changed = r.pick(CHANGES)(text, r);
  return { bytes: Buffer.from(changed as string), headers: [JSON_TYPE] };
}

function spliced(text: string, r: Random, what: string): string {
  const at = r.int(text.length + 1);
  return text.slice(0, at) + what + text.slice(at + r.int(2));
}

function replacedByte(bytes: Buffer, r: Random): Buffer {
  if (bytes.length > 0) bytes[r.int(bytes.length)] = r.pick([0xff, 0xc0, 0xed, 0x80, 0xf5, 0]);
  return bytes;
}

/** The same payload packed, or said to be. */
export function encoded({ bytes, headers }: Payload, r: Random): Payload {
  const packed = gzipSync(bytes);
  const [encoding, sent] = r.pick<[string, () => Buffer]>([
    ["gzip", () => packed],
    ["GZIP", () => packed],
    ["x-gzip", () => packed],
    ["gzip", () => bytes],
    ["gzip", () => packed.subarray(0, r.int(packed.length))],
    ["gzip", () => replacedByte(Buffer.from(packed), r)],
    ["gzip", () => Buffer.concat([packed, packed])],
    ["gzip", () => Buffer.concat([packed, r.bytes(5)])],
    ["gzip", () => Buffer.alloc(0)],
    ["gzip, gzip", () => gzipSync(packed)],
    ["identity", () => bytes],
    ["deflate", () => deflateSync(bytes)],
    ["br", () => bytes],
    [",", () => bytes],
    ["x".repeat(3000), () => bytes],
  ]);
  return { bytes: sent(), headers: [...headers, ["Content-Encoding", encoding]] };
}

const MiB = 1024 * 1024;

/** What is small on the way and large inside, or large altogether. */
export function large(r: Random): Payload {
  if (r.chance(0.5)) {
    const packed = gzipSync(Buffer.alloc(r.pick([1, 20, 31, 40]) * MiB, 0x20));
    return { bytes: packed, headers: [JSON_TYPE, ["Content-Encoding", "gzip"]] };
  }
  const size = r.pick([0.2, 1, 1, 4, 31]) * MiB;
  return { bytes: Buffer.alloc(size, r.pick(["x", "[", '{"a":', " "])), headers: [JSON_TYPE] };
}
