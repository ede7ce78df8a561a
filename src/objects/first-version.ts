// Taking over what objects of the first version kept for roles that have classes of their own now. It is copied,
// and a copy is made again from the start until it is whole: whatever ends in between loses nothing.
import { FIRST, type FormerTable } from "../store/first-version.ts";
import type { Row } from "../store/sql.ts";
import type { FormerRoleRpc } from "./rpc.ts";

/** Names of those objects, of the class TaskQueue. */
export const FORMER_DIRECTORY = "/queues";
export const FORMER_CRON = "/cron";
const FORMER_GROUP = "/groups/";

export function formerGroupName(group: string): string {
  return `${FORMER_GROUP}${group}`;
}

/** The group that the object of this name was, undefined when it was none. */
export function groupOfFormerName(name: string): string | undefined {
  return name.startsWith(FORMER_GROUP) ? name.slice(FORMER_GROUP.length) : undefined;
}

/** Work that is done once; when it fails it is done again by the next call. */
export class Adoption {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  run(): Promise<void> {
    this.#running ??= this.#work().catch((error) => {
      this.#running = undefined;
      throw error;
    });
    return this.#running;
  }
}

/** The table's rows, page by page. */
export async function* formerPages(
  object: FormerRoleRpc,
  table: FormerTable,
): AsyncGenerator<Row[]> {
  let after: string | number | undefined = FIRST;
  while (after !== undefined) {
    const page = await object.formerRows(table, after);
    yield page.rows;
    after = page.after;
  }
}

/** All of the table's rows; only for tables that are small. */
export async function allFormerRows(object: FormerRoleRpc, table: FormerTable): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const page of formerPages(object, table)) rows.push(...page);
  return rows;
}
