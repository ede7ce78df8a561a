// The statements of a TOML text and where they lie, which a parser of values does not tell. What is in strings,
// comments and lists over several lines is passed over. The text is one that a parser has taken.

export interface Statement {
  /** `[a.b]`, `[[a.b]]` or `a.b = value`; the key is split at its dots. */
  kind: "table" | "list" | "pair";
  key: readonly string[];
  /** The table a pair is in. */
  table: readonly string[];
  start: number;
  /** Of a pair. */
  valueStart: number;
  /** After the value or the header, before a comment. */
  end: number;
}

const STRING = /"""[\s\S]*?"""+|'''[\s\S]*?'''+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y;
const COMMENT = /#[^\n]*/y;
const KEY =
  /(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[\w-]+)(?:\s*\.\s*(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[\w-]+))*/y;

export function statementsOf(text: string): Statement[] {
  const statements: Statement[] = [];
  let table: readonly string[] = [];
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, at)) {
    const statement = text[at] === "[" ? headerAt(text, at) : pairAt(text, at, table);
    if (statement.kind !== "pair") table = statement.key;
    statements.push(statement);
    at = statement.end;
  }
  return statements;
}

function headerAt(text: string, start: number): Statement {
  const kind = text.startsWith("[[", start) ? "list" : "table";
  const key = keyAt(text, skipSpaces(text, start + (kind === "list" ? 2 : 1)));
  const close = kind === "list" ? "]]" : "]";
  const end = text.indexOf(close, start + key.length) + close.length;
  return { kind, key: partsOf(key), table: [], start, valueStart: end, end };
}

function pairAt(text: string, start: number, table: readonly string[]): Statement {
  const key = keyAt(text, start);
  const valueStart = skipSpaces(text, text.indexOf("=", start + key.length) + 1);
  const end = valueEnd(text, valueStart);
  return { kind: "pair", key: partsOf(key), table, start, valueStart, end };
}

function keyAt(text: string, at: number): string {
  return match(KEY, text, at) ?? "";
}

function partsOf(key: string): string[] {
  const parts = key.match(/"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[\w-]+/g) ?? [];
  return parts.map((part) => part.replace(/^["']|["']$/g, ""));
}

/** Where a value ends: at the end of its line, unless brackets are open. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  for (const { at, char } of charactersOf(text, start, text.length)) {
    if (char === "\n" && depth === 0) return significant(text, start, at);
    depth += "[{".includes(char) ? 1 : "]}".includes(char) ? -1 : 0;
  }
  return significant(text, start, text.length);
}

/** The end of the last thing between the two places that is neither space nor comment. */
export function significant(text: string, start: number, end: number): number {
  let last = start;
  for (const { char, after } of charactersOf(text, start, end)) if (/\S/.test(char)) last = after;
  return last;
}

/** Where the first such thing begins. */
export function firstIn(text: string, start: number, end: number): number | undefined {
  for (const { at, char } of charactersOf(text, start, end)) if (/\S/.test(char)) return at;
  return undefined;
}

/** One by one, a string as a whole (as its quote), comments passed over. */
function* charactersOf(text: string, start: number, end: number) {
  for (let at = start; at < end; ) {
    const comment = match(COMMENT, text, at);
    const passed = comment ?? match(STRING, text, at) ?? (text[at] as string);
    if (comment === undefined) yield { at, after: at + passed.length, char: passed[0] as string };
    at += passed.length;
  }
}

function skipBlank(text: string, from: number): number {
  let at = from;
  for (let passed = ""; at < text.length; at += passed.length) {
    passed = match(COMMENT, text, at) ?? match(/\s+/y, text, at) ?? "";
    if (passed === "") break;
  }
  return at;
}

function skipSpaces(text: string, at: number): number {
  return at + (match(/[ \t]+/y, text, at)?.length ?? 0);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
