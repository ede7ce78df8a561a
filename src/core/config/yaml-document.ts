// YAML text -> a plain value, with the position of each part for error messages. The dialect is that of App
// Engine's loader: YAML 1.1, one document, unique keys, no anchors; a key without a value counts as absent.

import type { Document, Node, Pair, Scalar, YAMLMap } from "yaml";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import { type Finding, finding } from "./findings.ts";

/** One fault of a configuration file; line and column count from 1. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Everything that is wrong with a queue.yaml or a cron.yaml, one `file:line:column: message` a line. */
export class QueueConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
    super(sorted.map((it) => `${file}:${it.line}:${it.column}: ${it.message}`).join("\n"));
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
  const reader = new Reader(onlyDocument(text, file, lines)?.contents);
  return {
    value: reader.value,
    findings: reader.faults.map(({ path, message }) => finding(reader.value, path, message, true)),
    place: ({ path, atKey, message }) => problem(lines, reader.offset(path, atKey), message),
  };
}

// Keys twice are let through here, because the reader knows whose they are.
const DIALECT = { version: "1.1", merge: false, stringKeys: true, uniqueKeys: false } as const;

function onlyDocument(text: string, file: string, lineCounter: LineCounter): Document | undefined {
  const documents = parseAllDocuments(text, { ...DIALECT, prettyErrors: false, lineCounter });
  const problems = documents
    .flatMap(({ errors, warnings }) => [...errors, ...warnings])
    .map(({ pos, message }) =>
      problem(lineCounter, pos[0], `not YAML: ${message}${hint(message)}`),
    );
  const second = documents[1]?.range[0];
  if (second !== undefined) {
    problems.push(problem(lineCounter, second, "found a second document, expected one"));
  }
  if (problems.length > 0) throw new QueueConfigError(file, problems);
  return documents[0];
}

// `schedule: */5 * * * *` is five aliases to YAML.
function hint(message: string): string {
  return /\balias/i.test(message) ? "; a text that begins with * has to be quoted" : "";
}

function problem(lines: LineCounter, offset: number, message: string): Problem {
  const { line, col } = lines.linePos(offset);
  // An empty text has no lines to count.
  return { line: Math.max(line, 1), column: Math.max(col, 1), message };
}

// What App Engine reads as text though YAML may see a number, a truth or a date in it: `name: 007`.
const TEXT_KEYS = new Set([
  ...["application", "name", "rate", "target", "total_storage_limit", "user_email", "writer_email"],
  ...["description", "schedule", "timezone", "url"],
]);
const NUMBER = /^[0-9]+(\.[0-9]+)?$/;

/** Walks the nodes once; keeps the value, the offsets and what is not allowed. */
class Reader {
  readonly value: unknown;
  readonly faults: { path: Path; message: string }[] = [];
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
      this.faults.push({ path, message: "found an anchor or alias, expected the value itself" });
    }
    if (isMap(node)) return this.#readMap(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.#read(item, [...path, index]));
    return isScalar(node) ? scalarValue(node, path.at(-1)) : undefined;
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

// Quotes decide nothing, as in App Engine: "5" is as good a number as 5, and 5 as good a text as "5".
function scalarValue({ value, source }: Scalar, key?: string | number): unknown {
  if (value === null) return undefined;
  const isText = typeof key === "string" && TEXT_KEYS.has(key);
  if (isText) return typeof value === "string" ? value : source;
  return typeof value === "string" && NUMBER.test(value) ? Number(value) : value;
}
