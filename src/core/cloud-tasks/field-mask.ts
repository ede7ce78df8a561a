// Field masks: which fields of a queue a request changes or wants to see. Paths come as the caller wrote
// them, in snake_case or lowerCamelCase.
import { QUEUE } from "./messages.ts";
import { fieldPath } from "./proto-json.ts";
import { withFlatRouting } from "./queue-resource.ts";
import type { CloudQueue } from "./resources.ts";
import { invalidArgument } from "./status.ts";

type Path = readonly string[];
type Tree = Record<string, unknown>;

/** The paths of a mask, as the tables of messages call them; none when it is empty or names everything. */
export function parseMask(text: string | undefined, field: string): Path[] {
  const paths = (text ?? "").split(",").map((path) => path.trim());
  const named = paths.filter((path) => path !== "");
  if (named.includes("*")) return [];
  return named.map((path) => pathOf(path, field));
}

function pathOf(text: string, field: string): Path {
  const path = fieldPath(QUEUE, text);
  if (!path)
    throw invalidArgument(`Invalid field mask '${field}': a Queue has no field '${text}'.`);
  // v2beta3 has its routing one message deeper.
  return path[0] === "appEngineHttpQueue" ? ["appEngineRoutingOverride", ...path.slice(2)] : path;
}

/** The queue with the fields at these paths as `given` has them. */
export function withFields(
  queue: CloudQueue,
  given: CloudQueue,
  paths: readonly Path[],
): CloudQueue {
  const changed = structuredClone(queue);
  const source = withFlatRouting(given) as Tree;
  for (const path of paths) setAt(changed as Tree, path, valueAt(source, path));
  return changed;
}

/** Of the queue what is at these paths; all of it when there are none. */
export function onlyFields(queue: CloudQueue, paths: readonly Path[]): CloudQueue {
  if (paths.length === 0) return queue;
  const chosen: Tree = {};
  for (const path of paths) {
    const value = valueAt(queue as Tree, path);
    if (value !== undefined) setAt(chosen, path, value);
  }
  return chosen as CloudQueue;
}

function valueAt(tree: Tree, path: Path): unknown {
  return path.reduce<unknown>((value, name) => (value as Tree | undefined)?.[name], tree);
}

function setAt(tree: Tree, path: Path, value: unknown): void {
  const parents = path.slice(0, -1);
  const last = path.at(-1) as string;
  let parent = tree;
  for (const name of parents) {
    parent[name] ??= {};
    parent = parent[name] as Tree;
  }
  if (value === undefined) delete parent[last];
  else parent[last] = value;
}
