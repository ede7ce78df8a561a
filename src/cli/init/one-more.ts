// One more item in a list that is written somewhere in a text.

/** Before the first one, which begins at `start` in a list that begins at `list`. */
export function beforeFirst(text: string, list: number, start: number, item: string): string {
  const indent = /\n([ \t]*)$/.exec(text.slice(list, start))?.[1];
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return spliced(text, start, indent === undefined ? `${item}, ` : `${item},${eol}${indent}`);
}

/**
 * A text with one more item in a list that is written in lines: below the last one, which ends at `end`, and
 * the comment beside it. Whether a comma follows the last of all stays the custom.
 */
export function afterLast(
  text: string,
  { end, hasComma, indent }: { end: number; hasComma: boolean; indent: string },
  item: string,
): string {
  const line = (/^[^\n]*/.exec(text.slice(end))?.[0] ?? "").replace(/\r$/, "");
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  // A bracket that closes in the same line stays behind what is added.
  const isAlone = /^\s*,?\s*((\/\/|#).*|\/\*.*\*\/\s*)?$/.test(line);
  if (!isAlone) return spliced(text, end, `,${eol}${indent}${item}`);
  const at = end + line.length;
  const added = spliced(text, at, `${eol}${indent}${item}${hasComma ? "," : ""}`);
  return hasComma ? added : spliced(added, end, ",");
}

export function spliced(text: string, at: number, added: string): string {
  return text.slice(0, at) + added + text.slice(at);
}
