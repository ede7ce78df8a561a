// Edits of a wrangler.json or wrangler.jsonc in place: comments and formatting stay, what is added is in one
// line.
import {
  findNodeAtLocation,
  type Node,
  type ParseError,
  parse,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { type Config, type Edit, listOf, mappingOf } from "./needs.ts";
import { afterLast, beforeFirst, spliced } from "./one-more.ts";

const READING = { allowTrailingComma: true };

export function readJsonc(text: string): Config {
  const errors: ParseError[] = [];
  const value = parse(text, errors, READING);
  const [error] = errors;
  if (!error) return mappingOf(value);
  const line = text.slice(0, error.offset).split("\n").length;
  throw new Error(`${printParseErrorCode(error.error)} in line ${line}`);
}

export function editJsonc(text: string, edits: readonly Edit[]): string | undefined {
  return edits.reduce<string | undefined>(
    (edited, edit) => (edited === undefined ? undefined : editOnce(edited, edit)),
    text,
  );
}

function editOnce(text: string, { path, kind, value }: Edit): string | undefined {
  const root = parseTree(text, [], READING);
  const found = root && findNodeAtLocation(root, [...path]);
  if (found && kind === "append") return into(text, found, inJson(value));
  if (found && kind === "prepend") return atTop(text, found, inJson(value));
  if (found) return replaced(text, found.offset, found.offset + found.length, inJson(value));
  const list = kind === "set" ? value : [value];
  return root && intoParent(text, root, path, list);
}

/** A property that is new, in the nearest mapping that is there. */
function intoParent(text: string, root: Node, path: readonly string[], value: unknown) {
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const parent = depth === 0 ? root : findNodeAtLocation(root, path.slice(0, depth));
    if (parent?.type !== "object") continue;
    const nested = path
      .slice(depth + 1)
      .reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    return into(text, parent, `${JSON.stringify(path[depth])}: ${inJson(nested)}`);
  }
  return undefined;
}

/** One more in a list, as its first. */
function atTop(text: string, node: Node, item: string): string {
  const first = node.children?.[0];
  return first ? beforeFirst(text, node.offset, first.offset, item) : into(text, node, item);
}

/** One more in a list or mapping, as its last. */
function into(text: string, node: Node, item: string): string {
  const last = node.children?.at(-1);
  if (!last) {
    const around = node.type === "object" ? " " : "";
    return spliced(text, node.offset + 1, `${around}${item}${around}`);
  }
  const end = last.offset + last.length;
  const indent = /\n([ \t]*)[^\n]*$/.exec(text.slice(node.offset, end))?.[1];
  if (indent === undefined) return spliced(text, end, `, ${item}`);
  const hasComma = /^\s*,/.test(withoutComments(text.slice(end)));
  return afterLast(text, { end, hasComma, indent }, item);
}

function withoutComments(text: string): string {
  return text.replace(/^(\s*(\/\/[^\n]*|\/\*[\s\S]*?\*\/))+/, "");
}

function replaced(text: string, start: number, end: number, by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

/** A value in one line. */
export function inJson(value: unknown): string {
  if (Array.isArray(value)) return `[${listOf(value).map(inJson).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const pairs = Object.entries(mappingOf(value)).map(
    ([key, each]) => `${JSON.stringify(key)}: ${inJson(each)}`,
  );
  return `{ ${pairs.join(", ")} }`;
}
