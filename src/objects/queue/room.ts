// Whether a queue has room for more tasks. To ask for the size of its database costs as much as adding twenty of
// them, so it is asked again only when what has come in since could have filled it.

import { type Refusal, refuse } from "../../core/errors.ts";
import { MAX_CALL_BYTES } from "../../core/limits.ts";
import type { Sql } from "../../store/sql.ts";

/** An object's SQLite holds 10 GB; room is left to finish and to retry what is there. */
const MAX_STORED_BYTES = 9.5e9;
/** What one message takes at most: pages are not filled to their ends, and names and texts have rows of their own. */
const MOST_A_CALL = 4 * MAX_CALL_BYTES;
/** Other things than adds take room too: it is asked after so many of them at least. */
const MOST_CALLS = 20;

export class Room {
  readonly #sql: Pick<Sql, "size">;
  #calls = 0;

  constructor(sql: Pick<Sql, "size">) {
    this.#sql = sql;
  }

  /**
   * Refuses an add to a queue that has no room: `limit` is queue.yaml's total_storage_limit in bytes. Each
   * queue is its own database, so the limit holds for each by itself; of several shards each has an equal part.
   */
  refusal(limit = Number.POSITIVE_INFINITY, shards = 1): Refusal | undefined {
    if (this.#calls-- > 0) return undefined;
    const max = Math.min(Math.floor(limit / shards), MAX_STORED_BYTES);
    const stored = this.#sql.size();
    this.#calls = Math.min(MOST_CALLS, Math.floor((max - stored) / MOST_A_CALL));
    if (stored < max) return undefined;
    return refuse(
      "QUEUE_FULL",
      `queue: it holds ${stored} bytes, expected less than ${max} to add more`,
    );
  }
}
