// Limits of the keys of a queue's tasks: from `extensions.keys` to configuration, by which of its limits one key goes,
// and how they are shown. What an override leaves out stays as it is for every key.
import type { BucketShape } from "../dispatch/bucket.ts";
import type { KeyLimitsEntry, KeysEntry } from "./keys-schema.ts";
import { perSecond } from "./units.ts";

export interface KeyLimits {
  /** Tokens a second. Infinity: no limit. 0: nothing starts. */
  readonly rate: number;
  /** The rate as written, "5/s", or "none". */
  readonly rateText: string;
  readonly bucketSize: number;
  /** Infinity: no limit. */
  readonly maxConcurrentRequests: number;
  /** Turns for one of a key of weight 1. */
  readonly weight: number;
}

export interface KeysConfig extends KeyLimits {
  /** `pattern` is a key, or the beginning of keys with "*" behind it. */
  readonly perKey: readonly { readonly pattern: string; readonly limits: KeyLimits }[];
}

/** Of every key on a queue without `extensions.keys`, and of tasks without a key on any. */
export const NO_KEY_LIMITS: KeyLimits = Object.freeze({
  rate: Number.POSITIVE_INFINITY,
  rateText: "none",
  bucketSize: 5,
  maxConcurrentRequests: Number.POSITIVE_INFINITY,
  weight: 1,
});

export function keysConfig({ per_key = {}, ...entry }: KeysEntry): KeysConfig {
  const own = withOverride(NO_KEY_LIMITS, entry);
  const perKey = Object.entries(per_key).map(([pattern, override]) =>
    Object.freeze({ pattern, limits: withOverride(own, override) }),
  );
  return Object.freeze({ ...own, perKey: Object.freeze(perKey) });
}

/** The limits with those that an entry names in place of theirs. */
export function withOverride(limits: KeyLimits, entry: KeyLimitsEntry): KeyLimits {
  const { rate, bucket_size: bucketSize, max_concurrent_requests: concurrent, weight } = entry;
  return Object.freeze({
    rate: rate === undefined ? limits.rate : perSecond(String(rate)),
    rateText: rate === undefined ? limits.rateText : String(rate),
    bucketSize: bucketSize ?? limits.bucketSize,
    maxConcurrentRequests: numberOf(concurrent ?? limits.maxConcurrentRequests),
    weight: weight ?? limits.weight,
  });
}

function numberOf(limit: number | "none"): number {
  return limit === "none" ? Number.POSITIVE_INFINITY : limit;
}

/** The bucket of a key; none without a rate. With a rate of 0 nothing starts, so it holds nothing. */
export function bucketOf({ rate, bucketSize }: KeyLimits): BucketShape | undefined {
  return Number.isFinite(rate) ? { capacity: rate === 0 ? 0 : bucketSize, rate } : undefined;
}

/** By exact name, and by beginning, the longest first. */
interface Index {
  own: KeyLimits;
  exact: ReadonlyMap<string, KeyLimits>;
  prefixes: ReadonlyMap<string, KeyLimits>;
  lengths: readonly number[];
}

const indexes = new WeakMap<KeysConfig, Index>();

/** The limits of a key by the queue's configuration: by its name, else by its longest beginning, else every key's. */
export function limitsOfKey(keys: KeysConfig | undefined, key: string): KeyLimits {
  if (!keys || key === "") return NO_KEY_LIMITS;
  const { own, exact, prefixes, lengths } = indexOf(keys);
  const byName = exact.get(key);
  if (byName) return byName;
  for (const length of lengths) {
    const byBeginning = length <= key.length && prefixes.get(key.slice(0, length));
    if (byBeginning) return byBeginning;
  }
  return own;
}

function indexOf(keys: KeysConfig): Index {
  const found = indexes.get(keys) ?? newIndex(keys);
  indexes.set(keys, found);
  return found;
}

function newIndex({ perKey, ...own }: KeysConfig): Index {
  const exact = new Map<string, KeyLimits>();
  const prefixes = new Map<string, KeyLimits>();
  for (const { pattern, limits } of perKey) {
    if (pattern.endsWith("*")) prefixes.set(pattern.slice(0, -1), restored(limits));
    else exact.set(pattern, restored(limits));
  }
  const lengths = [...new Set([...prefixes.keys()].map(({ length }) => length))];
  return { own: restored(own), exact, prefixes, lengths: lengths.sort((a, b) => b - a) };
}

// A configuration may have been stored as JSON, which has no word for "no limit".
function restored(limits: KeyLimits): KeyLimits {
  const { rate, maxConcurrentRequests }: { [K in keyof KeyLimits]: KeyLimits[K] | null } = limits;
  if (rate !== null && maxConcurrentRequests !== null) return limits;
  return Object.freeze({
    ...limits,
    rate: rate ?? Number.POSITIVE_INFINITY,
    maxConcurrentRequests: maxConcurrentRequests ?? Number.POSITIVE_INFINITY,
  });
}

/** Limits as the API and the TypeScript client return them. */
export interface KeyLimitsView {
  /** As written; "none": no limit. */
  rate: string;
  bucketSize: number;
  /** Absent where there is no limit. */
  maxConcurrentRequests?: number;
  weight: number;
}

export interface KeysView extends KeyLimitsView {
  /** By key, or by the beginning of keys with "*" behind it. */
  perKey?: Record<string, KeyLimitsView>;
}

export function keyLimitsView(limits: KeyLimits): KeyLimitsView {
  const { rateText: rate, bucketSize, maxConcurrentRequests, weight } = restored(limits);
  const isLimited = Number.isFinite(maxConcurrentRequests);
  return { rate, bucketSize, ...(isLimited && { maxConcurrentRequests }), weight };
}

export function keysView(keys: KeysConfig): KeysView {
  const perKey = keys.perKey.map(({ pattern, limits }) => [pattern, keyLimitsView(limits)]);
  return {
    ...keyLimitsView(keys),
    ...(perKey.length > 0 && { perKey: Object.fromEntries(perKey) }),
  };
}

/** The entry of queue.yaml's form that says the same. */
export function keysEntry({ perKey, ...own }: KeysView): KeysEntry {
  const overrides = Object.entries(perKey ?? {}).map(([pattern, it]) => [pattern, limitsEntry(it)]);
  return {
    ...limitsEntry(own),
    ...(overrides.length > 0 && { per_key: Object.fromEntries(overrides) }),
  };
}

function limitsEntry(view: KeyLimitsView): KeyLimitsEntry {
  const { rate, bucketSize, maxConcurrentRequests = "none", weight } = view;
  return { rate, bucket_size: bucketSize, max_concurrent_requests: maxConcurrentRequests, weight };
}
