// Classes of the library with everything counted that the platform bills, and a clock that can be moved ahead.
// Wrapping the storage takes time, so nothing is timed where they are used.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { Host } from "../../../src/objects/host.ts";
import type { Count, Counts } from "../../bill-count.ts";

// All objects run in one isolate, so variables count for all of them.
const counts: Counts = {};
let aheadMs = 0;

export function countsSoFar(): Counts {
  return structuredClone(counts);
}

/** Objects read a later time from now on; alarms that are set stay where they are. */
export function jump(ms: number): void {
  aheadMs += ms;
}

type Class<Args extends unknown[]> = (new (...args: Args) => object) & { prototype: object };
type ObjectArgs = [ctx: DurableObjectState, env: unknown];

/** The same class, counted under its name. */
export function counted<C extends Class<ObjectArgs>>(name: string, base: C): C {
  const own = countOf(name);
  const Base = base as unknown as new (...args: ObjectArgs) => { now?(): number };
  const Counted = class extends Base {
    constructor(ctx: DurableObjectState, env: unknown) {
      Object.defineProperty(ctx, "storage", { value: countedStorage(ctx.storage, own) });
      super(ctx, env);
    }

    override now(): number {
      return Date.now() + aheadMs;
    }
  };
  countCalls(Counted.prototype, base.prototype, own);
  return Counted as unknown as C;
}

/** An entrypoint, whose calls are counted. */
export function countedEntrypoint<C extends Class<never[]>>(name: string, base: C): C {
  const Base = base as unknown as new (...args: unknown[]) => object;
  const Counted = class extends Base {};
  countCalls(Counted.prototype, base.prototype, countOf(name));
  return Counted as unknown as C;
}

function countOf(name: string): Count {
  const count = { rows: 0, statements: 0, alarms: 0, requests: 0 };
  counts[name] = count;
  return count;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** Methods that are no RPC surface, though they look like it. */
const INNER = new Set(["constructor", "now"]);
const OF_HOST = ["alarm", "wake"];
const PLATFORMS = new Set<object>([DurableObject.prototype, WorkerEntrypoint.prototype]);

// A method that calls another of its object's is one call, so calls within calls do not count.
function countCalls(target: object, base: object, own: Count): void {
  let depth = 0;
  for (const name of methodsOf(base)) {
    const method = Reflect.get(base, name) as Method;
    const value: Method = function (...args) {
      if (depth === 0) own.requests++;
      depth++;
      try {
        return method.apply(this, args);
      } finally {
        depth--;
      }
    };
    Object.defineProperty(target, name, { value });
  }
}

/** What callers reach: the methods of a role's classes, and of those below them what the platform calls. */
function methodsOf(base: object): Set<string> {
  const names = new Set<string>();
  for (let at = base; !PLATFORMS.has(at); at = Object.getPrototypeOf(at)) {
    if (at === Host.prototype) return new Set([...names, ...OF_HOST]);
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === "function" && !INNER.has(name)) names.add(name);
    }
  }
  return names;
}

function countedStorage(storage: DurableObjectStorage, own: Count): DurableObjectStorage {
  const sql = wrapped(storage.sql, {
    // A statement that writes has done so when exec returns: only rows that are read come later.
    exec(query: string, ...bindings: unknown[]) {
      const cursor = storage.sql.exec(query, ...bindings);
      own.statements++;
      own.rows += cursor.rowsWritten;
      return cursor;
    },
  });
  return wrapped(storage, {
    sql,
    setAlarm(at: number) {
      own.alarms++;
      return storage.setAlarm(at - aheadMs);
    },
    async getAlarm() {
      const at = await storage.getAlarm();
      return at === null ? null : at + aheadMs;
    },
  });
}

// The platform's objects insist on being called on themselves, not on a proxy of them.
function wrapped<T extends object>(target: T, overrides: object): T {
  return new Proxy(target, {
    get(_, name) {
      if (name in overrides) return overrides[name as keyof typeof overrides];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
