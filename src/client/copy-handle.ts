// A queue saved and taken in, page by page: what `:export` and `:import` do. It comes with the API, whose routes alone use it.
import type { SavedPage, SavedRecord, Taken, WalkPlace } from "../core/backup/record.ts";
import { unwrap } from "../core/errors.ts";
import { audited } from "./audited.ts";
import { QueueHandle } from "./queue-handle.ts";

export class CopyHandle {
  readonly #queue: QueueHandle;

  constructor(queue: QueueHandle) {
    this.#queue = queue;
  }

  /** What lies under the names behind a place. */
  async exportPage(from: WalkPlace): Promise<SavedPage> {
    const { object } = QueueHandle.reach(this.#queue);
    return unwrap(await (await object()).exportPage(from));
  }

  /** Takes in what was saved of a queue, where its names are free; for each what became of it. */
  async importRecords(records: readonly SavedRecord[]): Promise<Taken[]> {
    const { stubs, object } = QueueHandle.reach(this.#queue);
    const calls = await object();
    const take = async () => unwrap(await calls.importRecords(records));
    const count = (taken: Taken[]) => taken.filter((it) => it === "imported").length;
    return audited(stubs, { what: "import", queue: this.#queue.name }, take, count);
  }
}
