// Searches of a list of tasks: by text in what their handlers are given, and by headers.
import { fromUtf8 } from "../bytes.ts";
import { invalid, type Refusal } from "../errors.ts";
import { MAX_SEARCH_LENGTH } from "../limits.ts";
import type { ListQuery } from "./calls.ts";
import type { StoredTask } from "./task.ts";

type Search = Pick<ListQuery, "text" | "header">;
type Searched = Pick<StoredTask, "spec" | "body">;

/** Whether the list is one of few among many, which are looked at by what is in them. */
export function isSearch({ text, header }: Search): boolean {
  return text !== undefined || header !== undefined;
}

export function checkSearch(query: Search): Refusal | undefined {
  for (const field of ["text", "header"] as const) {
    const given: unknown = query[field];
    if (given === undefined) continue;
    const isFit =
      typeof given === "string" && given.length > 0 && given.length <= MAX_SEARCH_LENGTH;
    if (!isFit) return invalid(field, given, `1 to ${MAX_SEARCH_LENGTH} characters`);
  }
  const { header } = query;
  if (header === undefined || header.indexOf(":") > 0) return undefined;
  return invalid("header", header, 'a name and a value, as "X-Customer: acme"');
}

/** Says of one task after the other whether it is one that is sought. The query has been checked. */
export function matcherOf({ text, header }: Search): (task: Searched) => boolean {
  const hasText = text === undefined ? () => true : textMatcher(text.toLowerCase());
  const hasHeader = header === undefined ? () => true : headerMatcher(header);
  return (task) => hasHeader(task) && hasText(task);
}

function headerMatcher(header: string): (task: Searched) => boolean {
  const colon = header.indexOf(":");
  const name = header.slice(0, colon).trim().toLowerCase();
  const value = header.slice(colon + 1).trim();
  return ({ spec: { headers = [] } }) =>
    headers.some((pair) => pair[0].toLowerCase() === name && pair[1].trim() === value);
}

// Text that JSON escapes is found as it was given, and as it is written there.
function textMatcher(sought: string): (task: Searched) => boolean {
  const inJson = JSON.stringify(sought).slice(1, -1);
  return ({ spec, body }) => {
    const has = (text: string) => text.toLowerCase().includes(sought);
    if (spec.query !== undefined && has(formText(spec.query))) return true;
    if (body === undefined) return false;
    if (typeof body !== "string") return has(fromUtf8(body));
    if (spec.kind === "params") return has(formText(body));
    return has(body) || (spec.kind === "json" && body.toLowerCase().includes(inJson));
  };
}

/** Form fields as they were given: "to=ann lee&from=bo". */
function formText(encoded: string): string {
  return [...new URLSearchParams(encoded)].map(([name, value]) => `${name}=${value}`).join("&");
}
