// Reading the audit.
import type { AuditEntry, AuditPage, AuditQuery } from "../core/audit.ts";
import { cursorOf, placeOf } from "../core/cursor.ts";
import { errorOf } from "../core/errors.ts";
import { checkLimit, PAGE } from "../core/limits.ts";
import { rfc3339 } from "../core/task/task-view.ts";
import type { AuditRow } from "../store/directory/audit-log.ts";
import type { CallerStubs } from "./stubs.ts";

/** A page of it, the newest first. Throws TaskQueueError (INVALID_REQUEST) for a limit or a cursor that is none. */
export async function auditPage(stubs: CallerStubs, query: AuditQuery): Promise<AuditPage> {
  const { limit = PAGE.default, cursor, queue, who } = query;
  const scope = ["audit", queue, who];
  const place =
    cursor === undefined ? { ok: String(Number.MAX_SAFE_INTEGER) } : placeOf(scope, cursor);
  const failure = checkLimit(limit)?.failure ?? place.failure;
  if (failure) throw errorOf(failure);
  const rows = await stubs.directory().acts({ before: Number(place.ok), limit, queue, who });
  const entries = rows.map(entryOf);
  const last = rows.at(-1);
  if (!last || rows.length < limit) return { entries };
  return { entries, cursor: cursorOf(scope, String(last.id)) };
}

function entryOf(row: AuditRow): AuditEntry {
  const { id: _, at, who, what, queue, name, begun, done, refused, count, error } = row;
  const outcome = done + refused < begun ? "unknown" : done === 0 ? "refused" : "done";
  return {
    ...{ at: rfc3339(at), who, what },
    ...(queue !== undefined && { queue }),
    ...(name !== undefined && { name }),
    ...{ acts: begun, count, outcome },
    ...(error !== undefined && { error }),
  };
}
