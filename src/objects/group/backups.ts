// Saving queues, and taking them in: what of queues and groups a Worker may leave out.
import { Backup } from "../queue/backup.ts";
import { GroupCopy } from "./copy.ts";

export interface BackupsPart {
  readonly part: "backups";
  readonly Backup: typeof Backup;
  readonly GroupCopy: typeof GroupCopy;
}

/** Saving queues and taking them in: `:export` and `:import` of the API. */
export const backups: BackupsPart = { part: "backups", Backup, GroupCopy };
