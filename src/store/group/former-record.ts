// The record of a group as the first version wrote it.
import { json, optionalText } from "../rows.ts";
import type { Row } from "../sql.ts";
import type { GroupRecord } from "./group-store.ts";

/** Where its words were others. */
interface FormerRecord extends Omit<GroupRecord, "first" | "batches" | "cancelled"> {
  first?: { index: number; part: number };
  parts: number;
  formerQueues: string[];
  masterWaits?: true;
  cancelled?: "asked" | "told";
  left?: true;
}

/** The record of a group among the single values of its object. */
export function formerRecord(meta: readonly Row[]): GroupRecord | undefined {
  const row = meta.find((each) => optionalText(each, "key") === "group");
  return row && recordOf(json<FormerRecord>(row, "value"));
}

function recordOf({
  first = { index: 0, part: 0 },
  parts,
  formerQueues = [],
  masterWaits,
  cancelled,
  left,
  ...same
}: FormerRecord): GroupRecord {
  return {
    ...same,
    first: { index: first.index, batch: first.part },
    batches: parts,
    formerQueues,
    ...(masterWaits && { masterParked: true }),
    ...(cancelled && { cancelled: cancelled === "asked" ? "requested" : "dropped" }),
    ...(left && { forgotten: true }),
  };
}
