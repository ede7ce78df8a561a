// A value of the API for readers: a field a line, what is inside further in.
import { printable } from "./printable.ts";

export function fieldLines(value: object, depth = 0): string[] {
  const indent = "  ".repeat(depth);
  return Object.entries(value).flatMap(([name, field]) => {
    if (field === undefined || field === null) return [];
    if (isSimple(field)) return [`${indent}${name}: ${simple(field)}`];
    const inner = Array.isArray(field)
      ? field.flatMap((it) => itemLines(it, depth + 1))
      : fieldLines(field, depth + 1);
    return inner.length === 0 ? [] : [`${indent}${name}:`, ...inner];
  });
}

function itemLines(item: unknown, depth: number): string[] {
  const indent = "  ".repeat(depth);
  if (isSimple(item)) return [`${indent}- ${simple(item)}`];
  const [first = "", ...rest] = fieldLines(Object(item), depth + 1);
  return [`${indent}- ${first.trimStart()}`, ...rest];
}

function isSimple(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function simple(value: unknown): string {
  return printable(String(value));
}
