// Which task has waited longest, for alerts: what runs or is leased does not wait.
import { integer, optionalInteger, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import { dueOf, LAST_EXPEDITED_KEY, LAST_SCHEDULED_KEY } from "./row-key.ts";

export interface OldestWaiting {
  /** When it was or is due (ms); absent where there is none, or it lies behind too many that do not wait. */
  due?: number;
  /** When the first of the leases before it holds no more (ms). */
  freeAt?: number;
}

type IsRunning = (task: { key: number; name: string }) => boolean;

/** Expedited tasks, and others with a time. */
const RANGES = [
  [-1, LAST_EXPEDITED_KEY],
  [LAST_EXPEDITED_KEY, LAST_SCHEDULED_KEY],
] as const;
const ROWS = `SELECT key, name, lease FROM tasks
  WHERE key > ? AND key <= ? ORDER BY key LIMIT ? + 0`;
const PAGE = 100;
/** So many that do not wait are passed over. */
const MOST_PASSED = 10_000;

export function oldestWaiting(sql: Sql, now: number, isRunning: IsRunning): OldestWaiting {
  const [front, rest] = RANGES.map((range) => oldestIn(sql, range, now, isRunning));
  return { ...earlier("due", front, rest), ...earlier("freeAt", front, rest) };
}

function earlier(of: keyof OldestWaiting, ...both: (OldestWaiting | undefined)[]): OldestWaiting {
  const times = both.flatMap((one) => one?.[of] ?? []);
  return times.length > 0 ? { [of]: Math.min(...times) } : {};
}

function oldestIn(
  sql: Sql,
  [after, upTo]: readonly [number, number],
  now: number,
  isRunning: IsRunning,
): OldestWaiting {
  let freeAt: number | undefined;
  for (const { key, name, lease } of walk(sql, after, upTo)) {
    if (lease !== undefined && lease >= now) freeAt = Math.min(lease + 1, freeAt ?? lease + 1);
    else if (!isRunning({ key, name })) return { due: dueOf(key), ...(freeAt && { freeAt }) };
  }
  return freeAt === undefined ? {} : { freeAt };
}

function* walk(sql: Sql, after: number, upTo: number) {
  let from = after;
  for (let passed = 0, limit = 1; passed < MOST_PASSED; passed += limit, limit = PAGE) {
    const rows = sql.rows(ROWS, from, upTo, limit);
    yield* rows.map(placeOf);
    if (rows.length < limit) return;
    from = integer(rows.at(-1) as Row, "key");
  }
}

function placeOf(row: Row) {
  return {
    key: integer(row, "key"),
    name: text(row, "name"),
    lease: optionalInteger(row, "lease"),
  };
}
