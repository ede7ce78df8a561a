// The object of a limit that several queues share. It has the queues' objects for its shards: each is known by a number
// as long as it has anything of the limit, or has had of late.
import { nothingFor } from "../../../core/sharding/coordinator.ts";
import { type SharedLimit, totalOf } from "../../../core/sharding/limit.ts";
import type { Total } from "../../../core/sharding/share.ts";
import type { Statement } from "../../../core/sharding/statement.ts";
import { LONGEST_MS } from "../../../core/sharding/turns.ts";
import type { QueueMeta, StoredLimit } from "../../../store/queue/queue-meta.ts";
import type { Commit } from "../../commit.ts";
import type { LimitGrant, LimitHolderRpc } from "../../rpc.ts";
import { Coordinator } from "../sharding/coordinator.ts";

export interface KeeperDeps {
  name: string;
  /** As this Worker's queue.yaml has it; absent where it has it no more. */
  limit: SharedLimit | undefined;
  meta: QueueMeta;
  commit: Commit;
  /** ms since 1970 */
  now: () => number;
  /** An object of a queue, by its own name. */
  holder: (object: string) => LimitHolderRpc;
}

/** So many objects may draw from a limit at a time: they are in one row. */
const MOST_HOLDERS = 1_000;

type Numbers = StoredLimit["numbers"];

export class LimitKeeper {
  readonly #deps: KeeperDeps;
  readonly #coordinator: Coordinator;
  #numbers: Numbers;

  constructor(deps: KeeperDeps) {
    const { meta, commit, now } = deps;
    this.#deps = deps;
    this.#numbers = meta.get("limit")?.numbers ?? {};
    this.#coordinator = new Coordinator({
      ...{ commit, now, total: () => this.#total as Total },
      shelf: {
        stored: () => meta.get("limit"),
        store: ({ ledger, total }) => meta.set("limit", { ledger, total, numbers: this.#numbers }),
      },
      shard: (number) => this.#holder(number),
    });
    commit.join(this);
    commit.join(this.#coordinator);
  }

  /** Grants what an object asks for, as far as there is; by which numbers the limit goes. */
  async ask(object: string, statement: Statement): Promise<LimitGrant> {
    const { limit } = this.#deps;
    if (!limit) return { grant: nothingFor(statement, LONGEST_MS) };
    const grant = await this.#coordinator.ask(statement, (taken) => this.#numberOf(object, taken));
    return { grant, total: totalOf(limit, 1) };
  }

  save(): Numbers {
    return this.#numbers;
  }

  restore(numbers: Numbers): void {
    this.#numbers = numbers;
  }

  get #total(): Total | undefined {
    const { limit } = this.#deps;
    return limit && totalOf(limit, 1 + Math.max(0, ...Object.values(this.#numbers)));
  }

  /** Inside a commit; undefined where there are too many. `taken`: by those that have asked in it. */
  #numberOf(object: string, taken: ReadonlySet<number>): number | undefined {
    if (Object.hasOwn(this.#numbers, object)) return this.#numbers[object];
    const inUse = new Set([...this.#coordinator.forgetIdle(this.#deps.now()), ...taken]);
    if (inUse.size >= MOST_HOLDERS) return undefined;
    let number = 0;
    while (inUse.has(number)) number++;
    const others = Object.entries(this.#numbers).filter(([, it]) => inUse.has(it));
    this.#numbers = { ...Object.fromEntries(others), [object]: number };
    return number;
  }

  #holder(number: number) {
    const { name, holder } = this.#deps;
    const [object] = Object.entries(this.#numbers).find(([, it]) => it === number) ?? [];
    if (object === undefined)
      throw new Error(`limit "${name}": no object has the number ${number}`);
    return {
      recallShare: async (recall: Parameters<LimitHolderRpc["recallLimit"]>[1]) => ({
        ...(await holder(object).recallLimit(name, recall)),
        shard: number,
      }),
      nudgeShare: () => holder(object).nudgeLimit(name),
    };
  }
}
