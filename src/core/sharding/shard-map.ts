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
  let best = 0;
  let highest = scoreOf(hash, best);
  for (let shard = 1; shard < shards; shard++) {
    const score = scoreOf(hash, shard);
    if (score <= highest) continue;
    best = shard;
    highest = score;
  }
  return best;
}

/** What the last digit of a name can be that is made up. */
const LAST = "0123456789abcdefghijklmnopqrstuvwxyz";

/**
 * The name, if it is on `shard` among `shards`, or else one that differs from it in its last digit alone and is;
 * undefined where no digit will do. Of a name that is to be made up nothing is hashed again but that digit.
 */
export function nameOn(shard: number, shards: number, name: string): string | undefined {
  if (shard >= shards) return undefined;
  if (shards === 1 || isOn(hashOf(name), shard, shards)) return name;
  const stem = name.slice(0, -1);
  const hash = hashOf(stem);
  // From its own digit on: each is as likely as the others.
  const from = LAST.indexOf(name.at(-1) as string) + 1;
  for (let i = 0; i < LAST.length; i++) {
    const digit = LAST[(from + i) % LAST.length] as string;
    if (isOn(hashOf(digit, hash), shard, shards)) return stem + digit;
  }
  return undefined;
}

/** Whether `shardOf` says `shard`, which is one of `shards`; for most names that are elsewhere a few looks tell. */
function isOn(hash: number, shard: number, shards: number): boolean {
  const own = scoreOf(hash, shard);
  for (let other = 0; other < shards; other++) {
    const score = scoreOf(hash, other);
    if (score > own || (score === own && other < shard)) return false;
  }
  return true;
}

/** What a name's hash is mixed with for each shard. */
const SEEDS = /* @__PURE__ */ Int32Array.from({ length: MAX_SHARDS }, (_, i) => mixed(i + 1));

function scoreOf(hash: number, shard: number): number {
  return mixed(hash ^ (SEEDS[shard] as number));
}

/** FNV-1a in 32 bits; `before`: the hash of what comes before the text. */
function hashOf(text: string, before = 0x811c9dc5): number {
  let hash = before;
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
