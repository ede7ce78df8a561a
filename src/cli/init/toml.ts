// Edits of a wrangler.toml in place: what is not edited stays as it is, to the byte. What an edit needs that is
// not found in a form known here gives undefined; the caller reads the result again in any case.
import { parse } from "smol-toml";
import { afterLast } from "./after-last.ts";
import { type Config, type Edit, mappingOf } from "./needs.ts";
import { type Statement, significant, statementsOf } from "./toml-statements.ts";

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
  const pair = statements.find((each) => isPairOf(each, path));
  if (kind === "append")
    return pair ? intoList(text, pair, value) : asNew(text, statements, path, value);
  if (pair) return text.slice(0, pair.valueStart) + written(value) + text.slice(pair.end);
  const [parents, key] = [path.slice(0, -1), path.at(-1) as string];
  if (parents.length === 0) return intoTop(text, statements, `${key} = ${written(value)}`);
  const table = statements.find((each) => each.kind === "table" && isSame(each.key, parents));
  if (table) return insertAfter(text, table.end, `${key} = ${written(value)}`);
  const beside = statements.find((each) => isDotted(each, parents));
  if (beside) {
    const dotted = path.slice(beside.table.length).join(".");
    return insertAfter(text, beside.end, `${dotted} = ${written(value)}`);
  }
  const body = parents[0] === "exports" ? tableOf(path, value) : tableOf(parents, { [key]: value });
  return atEnd(text, body);
}

/** A new element of a list that is not written as `key = [...]`. */
function asNew(
  text: string,
  statements: readonly Statement[],
  path: readonly string[],
  value: unknown,
) {
  const isTables = statements.some((each) => each.kind === "list" && isSame(each.key, path));
  if (path.at(-1) === "rules" && !isTables && path.length === 1) {
    return intoTop(text, statements, `rules = [${written(value)}]`);
  }
  return isTables || path.at(-1) === "migrations"
    ? atEnd(text, tableOf(path, value as Config, true))
    : undefined;
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

/** As the last of a list. */
function intoList(
  text: string,
  { valueStart, end }: Statement,
  value: unknown,
): string | undefined {
  if (text[valueStart] !== "[") return undefined;
  const items = significant(text, valueStart + 1, end - 1);
  if (items === valueStart + 1) return spliced(text, items, written(value));
  const hasComma = text[items - 1] === ",";
  const last = hasComma ? significant(text, valueStart + 1, items - 1) : items;
  const indent = /\n([ \t]*)[^\n]*$/.exec(text.slice(valueStart, last))?.[1];
  if (indent !== undefined) return afterLast(text, { end: last, hasComma, indent }, written(value));
  return spliced(text, last, `, ${written(value)}`);
}

function spliced(text: string, at: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at);
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
  const lines = Object.entries(mappingOf(value)).map(
    ([name, each]) => `${name} = ${written(each)}`,
  );
  return [isElement ? `[[${key}]]` : `[${key}]`, ...lines];
}

/** A value in one line. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.entries(mappingOf(value)).map(([key, each]) => `${key} = ${written(each)}`);
  return `{ ${pairs.join(", ")} }`;
}

function eolOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
