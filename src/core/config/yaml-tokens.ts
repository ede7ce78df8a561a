// YAML text -> tokens, as PyYAML cuts them, which is what App Engine's tools read with. It is more lenient than
// the library here in one thing: inside quotes and brackets indentation means nothing. Also the bounds within
// which a hostile text costs neither time nor stack.
import { type CST, Lexer, type LineCounter, Parser } from "yaml";

/** Characters: ten times those of App Engine's longest file, 100 queues with every key. */
const MAX_LENGTH = 500_000;
/** What the lexer cuts a text into: a file of that length has about half of them, and each costs a microsecond. */
const MAX_LEXEMES = 300_000;
/** Levels in each other; these files have six. */
const MAX_NESTING = 100;
/** PyYAML's set, in all places. */
const UNPRINTABLE = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** A text that is not read any further, and where. */
export class UnreadableYaml extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** A carriage return alone ends a line, as in files of old; positions stay as they are. */
export function normalLines(text: string): string {
  return text.replace(/\r(?!\n)/g, "\n");
}

/** The tokens of a text; throws an UnreadableYaml. */
export function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token> {
  checkText(text, lines);
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const nesting = new Nesting();
  let count = 0;
  for (const lexeme of new PythonLexer().lex(text)) {
    nesting.add(lexeme);
    if (++count > MAX_LEXEMES) throw tooMany(nesting.offset);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

function tooMany(offset: number): UnreadableYaml {
  const most = MAX_LEXEMES.toLocaleString("en");
  return new UnreadableYaml(
    offset,
    `found more than ${most} signs and words, expected at most ${most}`,
  );
}

function checkText(text: string, lines: LineCounter): void {
  if (text.length > MAX_LENGTH) {
    const most = MAX_LENGTH.toLocaleString("en");
    const message = `found ${text.length.toLocaleString("en")} characters, expected at most ${most}`;
    throw new UnreadableYaml(0, message);
  }
  const offset = text.search(UNPRINTABLE);
  if (offset < 0) return;
  for (const { index } of `\n${text.slice(0, offset)}`.matchAll(/\n/g)) lines.addNewLine(index);
  const code = (text.codePointAt(offset) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  throw new UnreadableYaml(offset, `found the control character U+${code}, expected text`);
}

/** What of the library's lexer is overridden. Its version is pinned. */
interface LexerParts {
  /** The indentation the next line needs to belong to what has begun; at 0 only `---` and `...` end it. */
  indentNext: number;
  lex(source: string): Iterable<string>;
  parseQuotedScalar(): Generator<string, unknown>;
  parseFlowCollection(): Generator<string, unknown>;
}

class PythonLexer extends (Lexer as unknown as new () => LexerParts) {
  override *parseQuotedScalar() {
    return yield* this.#unindented(() => super.parseQuotedScalar());
  }

  override *parseFlowCollection() {
    return yield* this.#unindented(() => super.parseFlowCollection());
  }

  *#unindented(parse: () => Generator<string, unknown>) {
    const { indentNext } = this;
    this.indentNext = 0;
    const next = yield* parse();
    this.indentNext = indentNext;
    return next;
  }
}

/** What the lexer says beside the text: a document or a scalar begins, brackets ended too early. */
const SIGNALS = new Set(["\x02", "\x1f", "\x18"]);

// The library reads what is nested by recursion. A level is a bracket, or a column at which something in a
// block begins, further to the right than that around it.
class Nesting {
  /** Where the next lexeme begins. */
  offset = 0;
  #column = 0;
  #isLineStart = true;
  #brackets = 0;
  readonly #columns: number[] = [];

  add(lexeme: string): void {
    if (SIGNALS.has(lexeme)) return;
    if (lexeme.trim() !== "") this.#count(lexeme);
    this.offset += lexeme.length;
    const line = lexeme.lastIndexOf("\n");
    this.#column = line < 0 ? this.#column + lexeme.length : lexeme.length - line - 1;
    if (line >= 0) this.#isLineStart = true;
  }

  #count(lexeme: string): void {
    if (lexeme === "[" || lexeme === "{") this.#brackets++;
    else if (lexeme === "]" || lexeme === "}") this.#brackets--;
    else if (this.#isLineStart || lexeme === "-" || lexeme === "?") this.#enter();
    this.#isLineStart = false;
    if (this.#brackets + this.#columns.length <= MAX_NESTING) return;
    throw new UnreadableYaml(this.offset, `found more than ${MAX_NESTING} levels in each other`);
  }

  #enter(): void {
    while ((this.#columns.at(-1) ?? -1) >= this.#column) this.#columns.pop();
    this.#columns.push(this.#column);
  }
}
