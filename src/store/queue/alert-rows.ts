// What a queue keeps of its alerts: how each stands, and messages until they have arrived. The tables are made with the
// first row, so that queues on which no alert ever began have nothing of them.
import type { AlertConfig, AlertReceiver } from "../../core/alerts/alert.ts";
import type { FailureCounts } from "../../core/alerts/failure-window.ts";
import type { AlertStanding } from "../../core/alerts/rule.ts";
import { integer, json, optionalInteger, optionalText, text } from "../rows.ts";
import type { Row, Sql } from "../sql.ts";
import type { QueueMeta } from "./queue-meta.ts";

/** How an alert stands; times in ms since 1970. */
export interface StoredAlert extends AlertStanding {
  /** Tells whether it is the alert of the queue's entry, or one that was there before. */
  mark: string;
  /** What `over` needs to say where the entry has it no more. */
  was: Pick<AlertConfig, "when" | "to">;
  failures?: FailureCounts | undefined;
  /** When the attempts began to fail of which none has been answered well since. */
  outageSince?: number | undefined;
  sent?: { event: "begun" | "over"; at: number } | undefined;
}

export interface NewAlertMessage {
  alert: string;
  event: "begun" | "over";
  id: string;
  body: string;
  to: AlertReceiver;
  madeAt: number;
}

/** A message that has not arrived; its row's number says which was made before which. */
export interface AlertMessageRow extends NewAlertMessage {
  row: number;
  tries: number;
  nextAt: number;
  failedAt?: number | undefined;
  error?: string | undefined;
}

const TABLES = [
  `CREATE TABLE IF NOT EXISTS alerts (
     name TEXT PRIMARY KEY,
     standing TEXT NOT NULL
   ) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS alert_outbox (
     id INTEGER PRIMARY KEY,
     alert TEXT NOT NULL,
     event TEXT NOT NULL,
     message TEXT NOT NULL,
     body TEXT NOT NULL,
     receiver TEXT NOT NULL,
     made INTEGER NOT NULL,
     tries INTEGER NOT NULL,
     next INTEGER NOT NULL,
     failed INTEGER,
     error TEXT
   )`,
  // Left by a queue of the name that was removed.
  "DELETE FROM alerts",
  "DELETE FROM alert_outbox",
];

const FIRST_OF_EACH = `SELECT * FROM alert_outbox
  WHERE id IN (SELECT min(id) FROM alert_outbox GROUP BY alert) ORDER BY id`;

export class AlertRows {
  readonly #sql: Sql;
  readonly #meta: QueueMeta;
  // As the rows have them; read again after a rollback.
  #standings: ReadonlyMap<string, StoredAlert> | undefined;
  #firsts: readonly AlertMessageRow[] | undefined;

  constructor(sql: Sql, meta: QueueMeta) {
    this.#sql = sql;
    this.#meta = meta;
  }

  /** Whether there may be any. */
  get exist(): boolean {
    return this.#meta.get("alerts") ?? false;
  }

  standings(): ReadonlyMap<string, StoredAlert> {
    this.#standings ??= new Map(this.exist ? this.#readStandings() : []);
    return this.#standings;
  }

  #readStandings(): [string, StoredAlert][] {
    const rows = this.#sql.rows("SELECT name, standing FROM alerts ORDER BY name");
    return rows.map((row) => [text(row, "name"), json<StoredAlert>(row, "standing")]);
  }

  /** Inside a commit. */
  put(name: string, standing: StoredAlert): void {
    this.#make();
    const query = "INSERT OR REPLACE INTO alerts (name, standing) VALUES (?, ?)";
    this.#sql.run(query, name, JSON.stringify(standing));
    this.#standings = undefined;
  }

  /** Inside a commit. */
  remove(name: string): void {
    this.#sql.run("DELETE FROM alerts WHERE name = ?", name);
    this.#standings = undefined;
  }

  /** Inside a commit. */
  send({ alert, event, id, body, to, madeAt }: NewAlertMessage): void {
    this.#make();
    const query = `INSERT INTO alert_outbox
      (alert, event, message, body, receiver, made, tries, next) VALUES (?, ?, ?, ?, ?, ?, 0, ?)`;
    this.#sql.run(query, alert, event, id, body, JSON.stringify(to), madeAt, madeAt);
    this.#firsts = undefined;
  }

  /** Of each alert the message that is next: they arrive in their order. */
  firsts(): readonly AlertMessageRow[] {
    this.#firsts ??= this.exist ? this.#sql.rows(FIRST_OF_EACH).map(messageOf) : [];
    return this.#firsts;
  }

  /** How many have not arrived, of each alert. */
  pending(): ReadonlyMap<string, number> {
    if (this.firsts().length === 0) return new Map();
    const query = "SELECT alert, count(*) AS n FROM alert_outbox GROUP BY alert";
    return new Map(this.#sql.rows(query).map((row) => [text(row, "alert"), integer(row, "n")]));
  }

  /** Inside a commit: it did not arrive, and is sent again at `nextAt`. */
  failed(row: number, { at, error, nextAt }: { at: number; error: string; nextAt: number }): void {
    const query =
      "UPDATE alert_outbox SET tries = tries + 1, failed = ?, error = ?, next = ? WHERE id = ?";
    this.#sql.run(query, at, error, nextAt, row);
    this.#firsts = undefined;
  }

  /** Inside a commit: it has arrived, or is given up. */
  removeMessage(row: number): void {
    this.#sql.run("DELETE FROM alert_outbox WHERE id = ?", row);
    this.#firsts = undefined;
  }

  /** Inside a commit, before all meta values are cleared. */
  clear(): void {
    if (!this.exist) return;
    this.#sql.run("DELETE FROM alerts");
    this.#sql.run("DELETE FROM alert_outbox");
    this.restore();
  }

  save(): void {}

  restore(): void {
    this.#standings = undefined;
    this.#firsts = undefined;
  }

  #make(): void {
    if (this.exist) return;
    this.#meta.set("alerts", true);
    for (const statement of TABLES) this.#sql.run(statement);
  }
}

function messageOf(row: Row): AlertMessageRow {
  return {
    row: integer(row, "id"),
    alert: text(row, "alert"),
    event: text(row, "event") as AlertMessageRow["event"],
    id: text(row, "message"),
    body: text(row, "body"),
    to: json<AlertReceiver>(row, "receiver"),
    madeAt: integer(row, "made"),
    tries: integer(row, "tries"),
    nextAt: integer(row, "next"),
    failedAt: optionalInteger(row, "failed"),
    error: optionalText(row, "error"),
  };
}
