import type { PushedTask } from "../index.ts";
import type { Fields } from "./count.ts";

/** A task's params (`curl -d from=1`) or the fields of its JSON payload, whichever it came with. */
export function fieldsOf({ params, payload }: PushedTask): Fields {
  const isObject = typeof payload === "object" && payload !== null;
  return isObject ? (payload as Fields) : Object.fromEntries(params);
}
