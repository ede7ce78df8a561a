// What objects write, as the platform counts it for its bill: rows by the SQL cursor, and alarms that are set.
import { runInDurableObject } from "cloudflare:test";
import { objectOf } from "./time.ts";

export interface Written {
  rows: number;
  statements: number;
  alarms: number;
}

/** Adds to `counts` what the object writes from now on, until it ends. */
export async function countWritten(object: string, counts: Written): Promise<void> {
  await runInDurableObject(objectOf(object), (_, { storage }) => {
    const { exec } = storage.sql;
    const { setAlarm } = storage;
    storage.sql.exec = ((...args: Parameters<typeof exec>) => {
      const cursor = exec.apply(storage.sql, args);
      counts.rows += cursor.rowsWritten;
      counts.statements++;
      return cursor;
    }) as typeof exec;
    storage.setAlarm = (...args) => {
      counts.alarms++;
      return setAlarm.apply(storage, args);
    };
  });
}

export function nothingWritten(): Written {
  return { rows: 0, statements: 0, alarms: 0 };
}
