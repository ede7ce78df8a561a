// The keeper of a bucket and slots, of which it grants shares: the first shard of a queue, or a limit that several
// queues share. What is decided is in core/sharding; here it is written before it is answered, one row for all that ask
// in one commit, and shards are called that have to give something back.
import { type Bucket, type BucketShape, refilled } from "../../../core/dispatch/bucket.ts";
import {
  askedTogether,
  nothingFor,
  reshaped,
  returned,
} from "../../../core/sharding/coordinator.ts";
import {
  emptyLedger,
  free,
  isLent,
  type StoredShares,
  settled,
  withoutIdle,
  withRunning,
} from "../../../core/sharding/ledger.ts";
import { NOTHING, type Share, type Total } from "../../../core/sharding/share.ts";
import {
  type Grant,
  LEASE_MS,
  type Recall,
  type Statement,
} from "../../../core/sharding/statement.ts";
import type { Commit } from "../../commit.ts";
import type { ShardRpc } from "../../rpc.ts";

/** Where its book is kept. */
export interface Shelf {
  stored(): StoredShares | undefined;
  /** Inside a commit. */
  store(book: StoredShares): void;
  /** The bucket before there was a book, if there was one. */
  before?(): { level: Bucket; shape: BucketShape } | undefined;
}

export interface CoordinatorDeps {
  shelf: Shelf;
  commit: Commit;
  /** ms since 1970 */
  now: () => number;
  /** What the whole queue may start. */
  total: () => Total;
  shard: (index: number) => Pick<ShardRpc, "recallShare" | "nudgeShare">;
}

/** What number one that asks has here, beside those that ask with it; none can have nothing. */
export type Numbered = (taken: ReadonlySet<number>) => number | undefined;

interface Asking {
  statement: Statement;
  numbered: Numbered;
}

export class Coordinator {
  readonly #deps: CoordinatorDeps;
  #book: StoredShares | undefined;
  #isWritten = true;

  constructor(deps: CoordinatorDeps) {
    this.#deps = deps;
  }

  /** Of a queue that had one shard until now: attempts that are under way there, in this life of the object. */
  begin(instance: number, running: number): void {
    if (running === 0 || this.#deps.shelf.stored()) return;
    const { ledger, total } = this.#current;
    this.#keep({ ledger: withRunning(ledger, 0, instance, running), total });
  }

  /** Grants what a shard asks for, as far as there is. */
  ask(statement: Statement, numbered: Numbered = () => statement.shard): Promise<Grant> {
    return new Promise((resolve, reject) => {
      this.#deps.commit.gather(this.#grantAll, { statement, numbered }, (written) =>
        "value" in written ? resolve(written.value) : reject(written.error),
      );
    });
  }

  /** Inside a commit. */
  readonly #grantAll = (asking: readonly Asking[]): Grant[] => {
    const taken = new Set<number>();
    const asks = asking.map(({ statement, numbered }) => {
      const shard = numbered(taken);
      if (shard === undefined) return undefined;
      taken.add(shard);
      return { ...statement, shard };
    });
    const grants = this.#grant(asks.filter((ask) => ask !== undefined)).values();
    return asks.map((ask, i) =>
      ask
        ? (grants.next().value as Grant)
        : nothingFor((asking[i] as Asking).statement, LEASE_MS / 2),
    );
  };

  #grant(asks: readonly Statement[]): Grant[] {
    if (asks.length === 0) return [];
    this.reshape();
    const { ledger, total } = this.#current;
    const told = askedTogether(ledger, total, asks, this.#deps.now());
    this.#keep({ total, ledger: told.ledger });
    this.#deps.commit.after(() => this.#call(told.recalls, told.nudges));
    return told.grants;
  }

  /** Inside a commit: the queue may start more or less than before, or has another number of shards. */
  reshape(): void {
    const { shelf, now, total, commit } = this.#deps;
    const book = this.#current;
    const next = total();
    const isStored = shelf.stored() !== undefined;
    if (isStored && JSON.stringify(book.total) === JSON.stringify(next)) return;
    const { ledger, recalls, nudges } = reshaped(book.ledger, book.total, next, now());
    this.#keep({ ledger, total: next });
    // What nobody has asked for yet is not kept.
    if (!isStored && Object.keys(ledger.grants).length === 0) this.#isWritten = true;
    commit.after(() => this.#call(recalls, nudges));
  }

  /** Forgets those that have had nothing for long; those that it knows still. */
  forgetIdle(now: number): readonly number[] {
    const { ledger, total } = this.#current;
    const known = withoutIdle(settled(ledger, total, now), now);
    if (Object.keys(known.grants).length < Object.keys(ledger.grants).length)
      this.#keep({ ledger: known, total });
    return Object.keys(known.grants).map(Number);
  }

  /** What no shard has. */
  free(now: number): Share {
    const { ledger, total } = this.#current;
    return free(settled(ledger, total, now), total, now);
  }

  /** Calls the others to give back all they have. */
  recallAll(): void {
    const recalls = Object.entries(this.#current.ledger.grants)
      .map(([shard, { instance }]) => ({ shard: Number(shard), instance, keeps: NOTHING }))
      .filter(({ shard }) => shard > 0);
    this.#call(recalls, []);
  }

  /** Whether other shards have anything of it. */
  isLent(now: number): boolean {
    return isLent(this.#current.ledger, now);
  }

  /** Inside a commit that clears what is stored: it keeps nothing any more. */
  end(): void {
    this.#isWritten = true;
  }

  save(): StoredShares | undefined {
    return this.#book;
  }

  restore(book: StoredShares | undefined): void {
    this.#book = book;
    this.#isWritten = true;
  }

  /** Inside a commit, at its end. */
  flush(): void {
    if (this.#isWritten || !this.#book) return;
    this.#isWritten = true;
    this.#deps.shelf.store(this.#book);
  }

  get #current(): StoredShares {
    this.#book ??= this.#deps.shelf.stored() ?? this.#fresh();
    return this.#book;
  }

  /** All of the bucket is here, as full as it was while the queue had one shard. */
  #fresh(): StoredShares {
    const { shelf, now } = this.#deps;
    const total = this.#deps.total();
    const saved = shelf.before?.();
    const level = saved && total.bucket && refilled(saved.level, saved.shape, now());
    return { ledger: settled(emptyLedger(level), total, now()), total };
  }

  #keep(book: StoredShares): void {
    this.#book = book;
    this.#isWritten = false;
  }

  #write<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#deps.commit.enqueue(work, (written) => {
        if ("value" in written) resolve(written.value);
        else reject(written.error);
      });
    });
  }

  // What a call does not bring about, the next who asks tries again.
  #call(recalls: readonly Recall[], nudges: readonly number[]): void {
    for (const recall of recalls) this.#recall(recall).catch(() => {});
    for (const index of nudges) this.#nudge(index).catch(() => {});
  }

  async #recall(recall: Recall): Promise<void> {
    const statement = await this.#deps.shard(recall.shard).recallShare(recall);
    await this.#write(() => {
      const { ledger, total } = this.#current;
      const told = returned(ledger, total, statement, this.#deps.now());
      this.#keep({ total, ledger: told.ledger });
      this.#deps.commit.after(() => this.#call([], told.nudges));
    });
  }

  async #nudge(index: number): Promise<void> {
    await this.#deps.shard(index).nudgeShare();
  }
}
