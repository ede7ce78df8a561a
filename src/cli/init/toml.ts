// Edits of a wrangler.toml in place: what is not edited stays as it is, to the byte. What an edit needs that is
// not found in a form known here gives undefined; the caller reads the result again in any case.
import { parse } from "smol-toml";
import { type Config, type Edit, mappingOf } from "./needs.ts";
import { afterLast, beforeFirst, spliced } from "./one-more.ts";
import { firstIn, type Statement, significant, statementsOf } from "./toml-statements.ts";

export function readToml(text: string): Config {
  return parse(text) as Config;
}

export function editToml(text: string, edits: readonly Edit[]): string | undefined {
  return edits.reduce<string | undefined>(
    (edited, edit) => (edited === undefined ? undefined : editOnce(edited, edit)),
    text,
  );
}

function editOnce(text: string, { path, kind, value }: Edit): string | undefined {
  const statements = statementsOf(text);
  if (kind === "set") return set(text, statements, path, value);
  const pair = statements.find((each) => isPairOf(each, path));
  if (pair) return kind === "append" ? atBottom(text, pair, value) : atTop(text, pair, value);
  const tables = statements.filter((each) => each.kind === "list" && isSame(each.key, path));
  if (kind === "append") return atEnd(text, tableOf(path, value, true));
  if (tables[0]) return above(text, tables[0].start, tableOf(path, value, true));
  const line = `${path.join(".")} = [${inToml(value)}]`;
  return path.length === 1 ? intoTop(text, statements, line) : undefined;
}

function set(
  text: string,
  statements: readonly Statement[],
  path: readonly string[],
  value: unknown,
): string {
  const pair = statements.find((each) => isPairOf(each, path));
  if (pair) return text.slice(0, pair.valueStart) + inToml(value) + text.slice(pair.end);
  const [parents, key] = [path.slice(0, -1), path.at(-1) as string];
  if (parents.length === 0) return intoTop(text, statements, `${key} = ${inToml(value)}`);
  const table = statements.find((each) => each.kind === "table" && isSame(each.key, parents));
  if (table) return insertAfter(text, table.end, `${key} = ${inToml(value)}`);
  const beside = statements.find((each) => isDotted(each, parents));
  if (beside) {
    const dotted = path.slice(beside.table.length).join(".");
    return insertAfter(text, beside.end, `${dotted} = ${inToml(value)}`);
  }
  return atEnd(text, isMapping(value) ? tableOf(path, value) : tableOf(parents, { [key]: value }));
}

function isMapping(value: unknown): boolean {
  return typeof value === "object" && !Array.isArray(value);
}

function isPairOf({ kind, key, table }: Statement, path: readonly string[]): boolean {
  return kind === "pair" && isSame([...table, ...key], path);
}

/** Whether it is `a.b = ...` for the parents a, in a table above them. */
function isDotted({ kind, key, table }: Statement, parents: readonly string[]): boolean {
  const around = [...table, ...key].slice(0, -1);
  return kind === "pair" && table.length < parents.length && isSame(around, parents);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}

/** As the first of a list. */
function atTop(text: string, pair: Statement, value: unknown): string | undefined {
  const { valueStart, end } = pair;
  const first = firstIn(text, valueStart + 1, end - 1);
  if (first === undefined) return atBottom(text, pair, value);
  return beforeFirst(text, valueStart, first, inToml(value));
}

/** As the last of a list. */
function atBottom(
  text: string,
  { valueStart, end }: Statement,
  value: unknown,
): string | undefined {
  if (text[valueStart] !== "[") return undefined;
  const items = significant(text, valueStart + 1, end - 1);
  if (items === valueStart + 1) return spliced(text, items, inToml(value));
  const hasComma = text[items - 1] === ",";
  const last = hasComma ? significant(text, valueStart + 1, items - 1) : items;
  const indent = /\n([ \t]*)[^\n]*$/.exec(text.slice(valueStart, last))?.[1];
  if (indent !== undefined) return afterLast(text, { end: last, hasComma, indent }, inToml(value));
  return spliced(text, last, `, ${inToml(value)}`);
}

/** Before the table that begins at `start`, with the comments right above it. */
function above(text: string, start: number, lines: readonly string[]): string {
  const eol = eolOf(text);
  const comments = /(?:^|\n)((?:[ \t]*#[^\n]*\n)*)[ \t]*$/.exec(text.slice(0, start))?.[1] ?? "";
  return spliced(text, start - comments.length, `${lines.join(eol)}${eol}${eol}`);
}

/** After the last line of the part that has no header. */
function intoTop(text: string, statements: readonly Statement[], line: string): string {
  const first = statements.findIndex(({ kind }) => kind !== "pair");
  const last = statements[(first < 0 ? statements.length : first) - 1];
  return last ? insertAfter(text, last.end, line) : `${line}${eolOf(text)}${text}`;
}

function insertAfter(text: string, at: number, line: string): string {
  const newline = text.indexOf("\n", at);
  const end = newline < 0 ? text.length : newline + 1;
  const before = newline < 0 ? `${text}${eolOf(text)}` : text.slice(0, end);
  return `${before}${line}${eolOf(text)}${text.slice(end)}`;
}

function atEnd(text: string, lines: readonly string[]): string {
  const eol = eolOf(text);
  const ended = text === "" || text.endsWith("\n") ? text : text + eol;
  return `${ended}${eol}${lines.join(eol)}${eol}`;
}

function tableOf(path: readonly string[], value: unknown, isElement = false): string[] {
  const key = path.map((part) => (/^[\w-]+$/.test(part) ? part : JSON.stringify(part))).join(".");
  const lines = Object.entries(mappingOf(value)).map(([name, each]) => `${name} = ${inToml(each)}`);
  return [isElement ? `[[${key}]]` : `[${key}]`, ...lines];
}

/** A value in one line. */
export function inToml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inToml).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.entries(mappingOf(value)).map(([key, each]) => `${key} = ${inToml(each)}`);
  return `{ ${pairs.join(", ")} }`;
}

function eolOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
