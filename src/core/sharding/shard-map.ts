// Which object of a queue a task lives in. A queue of several shards has an object for each: the first is named as
// the queue, and keeps the map; the others have their number behind it. Every task lives where its name says, so a
// name is looked for in one place, and is accepted once.

/** How many shards a queue has. Of two maps the one with the higher version counts; 0 is a guess. */
export interface ShardMap {
  version: number;
  shards: number;
  /** How many there were before, while tasks are still on their way from there. */
  former?: number;
}

export const MAX_SHARDS = 256;

export const UNSHARDED: ShardMap = Object.freeze({ version: 0, shards: 1 });

/** Whether both say the same of where tasks are. */
export function isSameMap(a: ShardMap, b: ShardMap): boolean {
  return a.shards === b.shards && a.former === b.former;
}

/** Every shard that may have tasks. */
export function shardsOf({ shards, former = 0 }: ShardMap): number[] {
  return Array.from({ length: Math.max(shards, former) }, (_, index) => index);
}

/** Whether tasks go from this shard, rather than come to it. */
export function isLeft({ shards, former }: ShardMap, shard: number): boolean {
  return former !== undefined && shard < former && (shards > former || shard >= shards);
}

/**
 * The shard of a name among `shards`: that with the highest score for it. When their number changes, only names
 * of shards that go, or that come to one that is new, move (rendezvous hashing).
 */
export function shardOf(name: string, shards: number): number {
  if (shards === 1) return 0;
  const hash = hashOf(name);
  let [best, highest] = [0, -1];
  for (let shard = 0; shard < shards; shard++) {
    const score = mixed(hash ^ mixed(shard + 1));
    if (score > highest) [best, highest] = [shard, score];
  }
  return best;
}

/** FNV-1a in 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** The last step of MurmurHash3: every bit of the result depends on every bit given. */
function mixed(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** No name of a queue has this in it. */
const SEPARATOR = "#";

/** The name of a shard's object. */
export function shardObject(queue: string, shard: number): string {
  return shard === 0 ? queue : `${queue}${SEPARATOR}${shard}`;
}

/** The queue and the shard that the object of this name is. */
export function shardOfObject(name: string): { queue: string; shard: number } {
  const [queue = "", shard = "0"] = name.split(SEPARATOR);
  return { queue, shard: Number(shard) };
}
