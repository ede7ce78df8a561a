// The ends of tasks are stored after their handlers have returned.
import type { Pool } from "./postgres.ts";

const POLL_MS = 2;

/** Asks until the one number that `query` answers with is 0. */
export async function untilEmpty(pool: Pool, query: string): Promise<void> {
  for (;;) {
    const [row] = (await pool.query(query)).rows;
    if (Number(row?.count) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
