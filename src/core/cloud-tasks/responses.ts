// Partial responses (`fields=name,tasks(name,scheduleTime)`): which message answers a request, and which of
// its fields a caller wants.
import { BUFFERED, LEASED, LIST_QUEUES, LIST_TASKS, QUEUE, TASK } from "./messages.ts";
import { type Field, fieldName, type Message } from "./proto-json.ts";
import { badField } from "./status.ts";

// Paths come with their verb as a segment of its own, `~pause`.
const RESPONSES: readonly (readonly [methods: string, path: RegExp, message: Message])[] = [
  ["GET", /\/queues\/?$/, LIST_QUEUES],
  ["POST", /\/queues\/?$/, QUEUE],
  ["GET PATCH", /\/queues\/[^/]+\/?$/, QUEUE],
  ["POST", /\/~(purge|pause|resume)$/, QUEUE],
  ["GET", /\/tasks\/?$/, LIST_TASKS],
  ["POST", /\/tasks\/?$/, TASK],
  ["GET", /\/tasks\/[^/]+\/?$/, TASK],
  ["POST", /\/~(run|renewLease|cancelLease)$/, TASK],
  ["POST", /\/~buffer$/, BUFFERED],
  ["POST", /\/~lease$/, LEASED],
];

/** The field as which a request's answer can be looked into; of any form where no table has it. */
function responseOf(method: string, path: string): Field {
  const found = RESPONSES.find(([methods, form]) => methods.includes(method) && form.test(path));
  return found ? { message: found[2] } : "any";
}

/** Names from the top down to what is wanted; `*` is every name. */
type Path = readonly string[];

/** A choice of fields, applied to an answer. */
export type Selection = (answer: unknown) => unknown;

/** What `text` asks for of the answer to such a request; refuses fields that it cannot have. */
export function selectionOf(text: string, method: string, path: string): Selection {
  const field = responseOf(method, path);
  const paths = parsePaths(text);
  const unknown = paths.find((one) => !hasPath(field, one));
  if (unknown) throw badField(unknown.join("."));
  return (answer) => selected(field, answer, paths) ?? {};
}

const MAX_DEPTH = 20;

/** `a,b/c,d(e,f/g)` as paths. */
function parsePaths(text: string): Path[] {
  const tokens = text.match(/[^\s,()/.]+|[,()/.]/g) ?? [];
  let at = 0;
  const list = (depth: number): Path[] => {
    const paths = [...item(depth)];
    while (tokens[at] === ",") {
      at++;
      paths.push(...item(depth));
    }
    return paths;
  };
  const item = (depth: number): Path[] => {
    const name = tokens[at++];
    if (name === undefined || /^[,()/.]$/.test(name) || depth > MAX_DEPTH) throw badField(text);
    const rest = restOf(depth + 1);
    return rest.map((path) => [name, ...path]);
  };
  const restOf = (depth: number): Path[] => {
    if (tokens[at] === "/" || tokens[at] === ".") {
      at++;
      return item(depth);
    }
    if (tokens[at] !== "(") return [[]];
    at++;
    const inner = list(depth);
    if (tokens[at++] !== ")") throw badField(text);
    return inner;
  };
  const paths = list(0);
  if (at < tokens.length) throw badField(text);
  return [...new Map(paths.map((path) => [path.join("/"), path])).values()];
}

function hasPath(field: Field | undefined, [name, ...rest]: Path): boolean {
  if (name === undefined || field === "any" || field === "strings") return true;
  const message = messageOf(field);
  if (!message) return false;
  if (name === "*") return Object.values(message.fields).some((one) => hasPath(one, rest));
  const known = fieldName(message, name);
  return known !== undefined && hasPath(message.fields[known], rest);
}

function messageOf(field: Field | undefined): Message | undefined {
  if (typeof field !== "object") return undefined;
  if ("message" in field) return field.message;
  return "list" in field ? field.list : undefined;
}

/** Undefined where nothing of it is wanted. */
function selected(field: Field | undefined, value: unknown, paths: readonly Path[]): unknown {
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) return value.map((one) => selected(field, one, paths) ?? {});
  if (typeof value !== "object" || value === null) return undefined;
  const message = messageOf(field);
  const entries = Object.entries(value).map(([name, part]) => {
    const known = nameIn(message, name);
    const wanted = paths.filter(
      ([first = ""]) => first === "*" || nameIn(message, first) === known,
    );
    const within = wanted.map(([, ...rest]) => rest);
    return [name, within.length > 0 ? selected(message?.fields[known], part, within) : undefined];
  });
  const chosen = entries.filter(([, part]) => part !== undefined);
  return chosen.length > 0 ? Object.fromEntries(chosen) : undefined;
}

function nameIn(message: Message | undefined, name: string): string {
  return (message && fieldName(message, name)) ?? name;
}
