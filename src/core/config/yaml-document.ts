// YAML text -> a plain value, with the position of each part for error messages. The dialect is that of App
// Engine's loader: YAML 1.1, one document, unique keys, no anchors; a key without a value counts as absent.

import type { Document, Node, Pair, Scalar, YAMLError, YAMLMap } from "yaml";
import { Composer, isAlias, isMap, isScalar, isSeq, LineCounter, visit } from "yaml";
import { bounded } from "../errors.ts";
import { type Finding, finding } from "./findings.ts";
import { normalLines, tokensOf, UnreadableYaml } from "./yaml-tokens.ts";

/** One fault of a configuration file; line and column count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Problems in a message; `problems` has all. */
const MAX_TOLD = 100;

/** Everything that is wrong with a queue.yaml or a cron.yaml, one `file:line:column: message` a line. */
export class QueueConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    const lines = sorted
      .slice(0, MAX_TOLD)
      .map((it) => `${file}:${it.line}:${it.column}: ${it.message}`);
    const more = sorted.length - lines.length;
    super([...lines, ...(more > 0 ? [`${file}: and ${more} more`] : [])].join("\n"));
    this.name = "QueueConfigError";
    this.problems = sorted;
  }
}

type Path = readonly (string | number)[];

export interface YamlFile {
  readonly value: unknown;
  /** What YAML allows and App Engine refuses. */
  readonly findings: readonly Finding[];
  /** Adds line and column. A missing key is placed at the start of its mapping. */
  place(finding: Finding): Problem;
}

/** Reads the text, or throws a QueueConfigError when it is not one YAML document. */
export function readYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const reader = new Reader(onlyDocument(normalLines(text), file, lines)?.contents);
  const fault = ({ path, message }: Fault) => finding(reader.value, path, message, true);
  const place = ({ path, atKey, message }: Finding) =>
    problem(lines, reader.offset(path, atKey), message);
  // Without the value itself whatever else is found would be a consequence.
  if (reader.reference) throw new QueueConfigError(file, [place(fault(reader.reference))]);
  return { value: reader.value, findings: reader.faults.map(fault), place };
}

// Keys twice are let through here, because the reader knows whose they are.
const DIALECT = { version: "1.1", merge: false, stringKeys: true, uniqueKeys: false } as const;

function onlyDocument(text: string, file: string, lines: LineCounter): Document | undefined {
  const refuse = (offset: number, message: string): never => {
    throw new QueueConfigError(file, [problem(lines, offset, message)]);
  };
  const documents = documentsOf(text, lines, refuse);
  const [first] = documents.flatMap(faultsOf).sort((a, b) => a.offset - b.offset);
  // What comes after the first fault is mostly its consequence.
  if (first) refuse(first.offset, `not YAML: ${templateHint(text, first) ?? first.message}`);
  const second = documents[1]?.range[0];
  if (second !== undefined) refuse(second, "found a second document, expected one");
  return documents[0];
}

function documentsOf(
  text: string,
  lines: LineCounter,
  refuse: (offset: number, message: string) => never,
): Document.Parsed[] {
  try {
    return [...new BoundedComposer().compose(tokensOf(text, lines))];
  } catch (error) {
    if (error instanceof UnreadableYaml) return refuse(error.offset, error.message);
    throw error;
  }
}

/** Faults after which a text is not read on: each costs an Error, and the first alone is told. */
const MAX_FAULTS = 100;

/** What of the library's composer is overridden. Its version is pinned. */
interface ComposerParts {
  onError(source: unknown, code: string, message: string, isWarning?: boolean): void;
  errors: { pos: [number, number]; message: string }[];
}

class BoundedComposer extends Composer {
  constructor() {
    super(DIALECT);
    const parts = this as unknown as ComposerParts;
    const { onError } = parts;
    let count = 0;
    parts.onError = (...fault) => {
      onError(...fault);
      if (++count < MAX_FAULTS) return;
      const [first] = parts.errors.sort((a, b) => a.pos[0] - b.pos[0]);
      if (first) throw new UnreadableYaml(first.pos[0], `not YAML: ${first.message}`);
    };
  }
}

interface Unreadable {
  offset: number;
  message: string;
}

function faultsOf(document: Document.Parsed): Unreadable[] {
  return [...document.errors, ...document.warnings.filter(isFault)].map((error) => ({
    offset: beginOf(document, error),
    message: `${error.message}${hint(error.message)}`,
  }));
}

// Brackets may close at any column, as in PyYAML.
function isFault({ code }: YAMLError): boolean {
  return code !== "BAD_INDENT";
}

// A text that is never closed ends with the file; what is looked for is its beginning.
function beginOf({ contents }: Document, { message, pos }: YAMLError): number {
  let offset = pos[0];
  if (!/^Missing closing .quote/.test(message)) return offset;
  visit(contents as Node, {
    Scalar: (_, { range }) => {
      if (range?.[1] === pos[0]) offset = range[0];
    },
  });
  return offset;
}

// `schedule: */5 * * * *` is five aliases to YAML.
function hint(message: string): string {
  return /\balias/i.test(message) ? "; a text that begins with * has to be quoted" : "";
}

// `name: {{ name }}` is a mapping for a key to YAML.
function templateHint(text: string, { offset }: Unreadable): string | undefined {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1).split("\n", 1)[0] ?? "";
  const [mark] = /\{\{|\{%/.exec(line) ?? [];
  if (mark === undefined) return undefined;
  return `found a template's "${mark}", expected the file that the template makes, or quotes around the text`;
}

function problem(lines: LineCounter, offset: number, message: string): Problem {
  const { line, col } = lines.linePos(offset);
  // An empty text has no lines to count.
  return { line: Math.max(line, 1), column: Math.max(col, 1), message: bounded(message) };
}

// What App Engine reads as text though YAML may see a number, a truth or a date in it: `name: 007`.
const TEXT_KEYS = new Set([
  ...["application", "name", "rate", "target", "total_storage_limit", "user_email", "writer_email"],
  ...["description", "schedule", "timezone", "url", "failed_queue"],
]);
// What int() and float() of Python make a number of.
const NUMBER = /^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$/;

interface Fault {
  path: Path;
  message: string;
}

/** Walks the nodes once; keeps the value, the offsets and what is not allowed. */
class Reader {
  readonly value: unknown;
  readonly faults: Fault[] = [];
  /** The first anchor or alias. App Engine's reader has neither. */
  reference: Fault | undefined;
  readonly #offsets = new Map<string, { key: number; value: number }>();

  constructor(root: Node | null | undefined) {
    this.value = this.#read(root, []);
  }

  /** Where the value at the path begins, or its key; of a missing one, what it is missing from. */
  offset(path: readonly PropertyKey[], atKey: boolean): number {
    const place = this.#offsets.get(JSON.stringify(path));
    if (place) return atKey ? place.key : place.value;
    return path.length === 0 ? 0 : this.offset(path.slice(0, -1), false);
  }

  #read(node: unknown, path: Path, key?: Node): unknown {
    this.#mark(node, path, key);
    if (isAlias(node) || hasAnchor(node)) {
      this.reference ??= { path, message: "found an anchor or alias, expected the value itself" };
    }
    if (isMap(node)) return this.#readMap(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.#read(item, [...path, index]));
    return isScalar(node) ? scalarValue(node, path) : undefined;
  }

  #readMap(map: YAMLMap, path: Path): unknown {
    const entries = new Map<string, unknown>();
    for (const { key, value } of map.items as Pair<Scalar<string>>[]) {
      const inner = [...path, key.value];
      if (entries.has(key.value)) {
        this.faults.push({ path: inner, message: "found a second time, expected once" });
      }
      entries.set(key.value, this.#read(value, inner, key));
    }
    return Object.fromEntries(entries);
  }

  #mark(node: unknown, path: Path, key?: Node): void {
    const [start, end] = (node as Node | null)?.range ?? [];
    const keyStart = key?.range?.[0] ?? start ?? 0;
    // Nothing after the colon: the key is the last thing there is to point at.
    const value = start === undefined || start === end ? keyStart : start;
    this.#offsets.set(JSON.stringify(path), { key: keyStart, value });
  }
}

function hasAnchor(node: unknown): boolean {
  return (isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined;
}

// Quotes decide nothing, as in App Engine: "5" is as good a number as 5, and 5 as good a text as "5". What
// annotations hold is the caller's, as it is written.
function scalarValue(scalar: Scalar, path: Path): unknown {
  if (scalar.value === null) return undefined;
  if (path[3] === "annotations") return scalar.value;
  const value = isBlock(scalar) ? scalar.value.replace(/\n$/, "") : scalar.value;
  if (isText(path)) return typeof value === "string" ? value : scalar.source;
  return typeof value === "string" && NUMBER.test(value) ? Number(value) : value;
}

// At the top `queue` is the list, in an entry of cron.yaml a name.
function isText(path: Path): boolean {
  const key = path.at(-1);
  return typeof key === "string" && (TEXT_KEYS.has(key) || (key === "queue" && path.length > 1));
}

// The end of its last line belongs to how a block is written: App Engine's patterns end in Python's $, which
// passes one. A tag may have made something else of it: `!!binary |`.
function isBlock(scalar: Scalar): scalar is Scalar<string> {
  const isWritten = scalar.type === "BLOCK_FOLDED" || scalar.type === "BLOCK_LITERAL";
  return isWritten && typeof scalar.value === "string";
}
