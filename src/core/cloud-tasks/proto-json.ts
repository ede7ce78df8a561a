// Reads and writes the JSON form of protocol buffers, as Google's APIs do: a message is a table of fields.
// Names in lowerCamelCase or snake_case, enums by name or number, null for "not set", bytes in either base64
// alphabet, durations as "1.5s". Unknown fields are refused, as the service does.
import { fromBase64, toBase64 } from "../bytes.ts";
import { formatValue } from "../errors.ts";
import { parseInstant } from "../task/instant.ts";
import { rfc3339 } from "../task/task-view.ts";
import { invalidArgument } from "./status.ts";

/** The values of an enum in the order of their numbers; the first means "not set". */
export type Enum = readonly string[];

export type Field =
  | "string"
  | "int32"
  | "int64"
  | "double"
  | "bool"
  | "bytes"
  | "timestamp"
  | "duration"
  | "strings"
  | "any"
  | { values: Enum }
  | { message: Message }
  | { list: Message };

export interface Message {
  fields: Readonly<Record<string, Field>>;
  /** Other names that versions of the API have for a field. */
  aliases?: Readonly<Record<string, string>>;
}

type Value = Record<string, unknown>;

/**
 * The message in `given`, checked: timestamps as ms since 1970, durations as seconds, bytes as Uint8Array,
 * enums by name. An empty message comes as `{}`, or as the `""` that Google's Node client sends.
 */
export function readMessage(message: Message, given: unknown, path = ""): Value {
  if (given === undefined || given === null || given === "") return {};
  if (!isObject(given)) throw invalidValue(path, given, "an object");
  const value: Value = {};
  for (const [name, field] of Object.entries(given)) {
    const known = fieldName(message, name);
    if (known === undefined) throw unknownField(name, path);
    const read = readField(message.fields[known] as Field, field, path ? `${path}.${name}` : name);
    if (read !== undefined) value[known] = read;
  }
  return value;
}

/** A field as its table calls it, or undefined when it has no such field. */
export function fieldName({ fields, aliases = {} }: Message, given: string): string | undefined {
  const name = given.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const known = Object.hasOwn(aliases, name) ? (aliases[name] as string) : name;
  return Object.hasOwn(fields, known) ? known : undefined;
}

/** A path of fields, `a.b`, as the tables call them; undefined when there is none such. */
export function fieldPath(message: Message, text: string): string[] | undefined {
  const path: string[] = [];
  let table: Field | undefined = { message };
  for (const segment of text.split(".")) {
    const parent: Message | undefined = isNested(table) ? table.message : undefined;
    const name: string | undefined = parent && fieldName(parent, segment);
    if (!parent || name === undefined) return undefined;
    path.push(name);
    table = parent.fields[name];
  }
  return path;
}

function isNested(field: Field | undefined): field is { message: Message } {
  return typeof field === "object" && "message" in field;
}

function unknownField(name: string, path: string): Error {
  const where = path ? ` at '${path}'` : "";
  return invalidArgument(
    `Invalid JSON payload received. Unknown name "${name}"${where}: Cannot find field.`,
  );
}

function invalidValue(path: string, found: unknown, expected: string): Error {
  return invalidArgument(
    `Invalid value at '${path}': found ${formatValue(found)}, expected ${expected}`,
  );
}

function readField(field: Field, given: unknown, path: string): unknown {
  if (given === null || given === undefined) return undefined;
  if (typeof field === "string") return readScalar(field, given, path);
  if ("values" in field) return readEnum(field.values, given, path);
  if ("message" in field) return readMessage(field.message, given, path);
  if (!Array.isArray(given)) throw invalidValue(path, given, "a list");
  return given.map((one, index) => readMessage(field.list, one, `${path}[${index}]`));
}

type Scalar = Extract<Field, string>;

const READERS: Record<Scalar, [read: (given: unknown) => unknown, expected: string]> = {
  string: [(given) => (typeof given === "string" ? given : undefined), "a string"],
  int32: [(given) => numberOf(given, isInt32), "a whole number of 32 bits"],
  int64: [(given) => numberOf(given, Number.isSafeInteger), "a whole number"],
  double: [(given) => numberOf(given, Number.isFinite), "a number"],
  bool: [(given) => (typeof given === "boolean" ? given : undefined), "true or false"],
  bytes: [fromBase64, "base64"],
  timestamp: [instantOf, "a timestamp such as 2030-01-31T09:00:00Z"],
  duration: [secondsOf, 'a duration such as "1.5s"'],
  strings: [stringsOf, "an object of strings"],
  any: [(given) => given, "anything"],
};

function readScalar(field: Scalar, given: unknown, path: string): unknown {
  const [read, expected] = READERS[field];
  const value = read(given);
  if (value === undefined) throw invalidValue(path, given, expected);
  return value;
}

const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** A number, or its text: with the sizes of 64 bits it always comes as text. */
function numberOf(given: unknown, fits: (value: number) => boolean): number | undefined {
  const value = typeof given === "string" && NUMBER.test(given) ? Number(given) : given;
  return typeof value === "number" && fits(value) ? value : undefined;
}

function isInt32(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 31;
}

/** An enum's value by its name or its number; undefined when it says "not set". */
export function readEnum(values: Enum, given: unknown, path: string): string | undefined {
  const index = typeof given === "string" ? indexIn(values, given) : given;
  const value = typeof index === "number" ? values[index] : undefined;
  if (value === undefined) throw invalidValue(path, given, values.slice(1).join(", "));
  return index === 0 ? undefined : value;
}

function indexIn(values: Enum, text: string): number {
  return /^\d+$/.test(text) ? Number(text) : values.indexOf(text);
}

const TIMESTAMP = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

// Up to the next millisecond, for nothing is to happen before its time.
function instantOf(given: unknown): number | undefined {
  if (typeof given !== "string" || !TIMESTAMP.test(given)) return undefined;
  const isBetween = /\.\d{3}\d*[1-9]/.test(given);
  const ms = parseInstant(given) + (isBetween ? 1 : 0);
  return Number.isNaN(ms) ? undefined : ms;
}

function secondsOf(given: unknown): number | undefined {
  if (typeof given !== "string" || !/^-?\d{1,12}(\.\d{1,9})?s$/.test(given)) return undefined;
  return Number(given.slice(0, -1));
}

function stringsOf(given: unknown): Record<string, string> | undefined {
  const isMap = isObject(given) && Object.values(given).every((value) => typeof value === "string");
  return isMap ? (given as Record<string, string>) : undefined;
}

function isObject(value: unknown): value is Value {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** How an answer is to be written. */
export interface WriteOptions {
  /** Enums as numbers, where the caller asked for them (`$alt=json;enum-encoding=int`). */
  enumsAsNumbers: boolean;
}

/** A message as JSON; what is undefined is left out, for null would break clients. */
export function writeMessage(message: Message, value: object, writeOptions: WriteOptions): Value {
  const written: Value = {};
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    const known = fieldName(message, name);
    const table = known === undefined ? undefined : message.fields[known];
    if (table !== undefined) written[name] = writeField(table, field, writeOptions);
  }
  return written;
}

function writeField(field: Field, value: unknown, writeOptions: WriteOptions): unknown {
  if (field === "timestamp") return rfc3339(value as number);
  if (field === "duration") return durationText(value as number);
  if (field === "bytes") return toBase64(value as Uint8Array);
  if (field === "int64") return `${value}`;
  if (typeof field === "string") return value;
  if ("values" in field) {
    return writeOptions.enumsAsNumbers ? field.values.indexOf(value as string) : value;
  }
  if ("message" in field) return writeMessage(field.message, value as object, writeOptions);
  return (value as object[]).map((one) => writeMessage(field.list, one, writeOptions));
}

/** Whole seconds as they are, others with 3, 6 or 9 digits. */
function durationText(seconds: number): string {
  if (Number.isInteger(seconds)) return `${seconds}s`;
  const nanos = seconds.toFixed(9);
  return `${nanos.replace(/(000){1,2}$/, "")}s`;
}
