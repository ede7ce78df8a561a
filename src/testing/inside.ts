// The kit beside the Worker, for tests in Node: the module that such a test starts takes the Worker's exports from
// here. Never a part of what is deployed.
import { env, exports, type WorkerEntrypoint } from "cloudflare:workers";
import { GroupHandle } from "../client/group-handle.ts";
import type { Callee } from "../objects/stand-in.ts";
import type { Enter, EnteredObject } from "./engine.ts";
import { TestKit } from "./kit.ts";
import { type Call, failureOf, type Reply, read, written } from "./wire.ts";

type Work = (instance: EnteredObject, ctx: DurableObjectState) => unknown;
type AnyClass = new (ctx: DurableObjectState, env: unknown) => object;
type Fetch = (request: Request, env: unknown, ctx: ExecutionContext) => unknown;

const work = new Map<number, Work>();
let entered = 0;

interface EnteredStub {
  enterForTest(id: number): Promise<void>;
}

/** The class with a way in for the kit. */
export function enterable(Class: AnyClass | undefined): AnyClass | undefined {
  if (!Class) return undefined;
  return class extends Class {
    readonly #ctx: DurableObjectState;

    constructor(ctx: DurableObjectState, own: unknown) {
      super(ctx, own);
      this.#ctx = ctx;
    }

    async enterForTest(id: number): Promise<void> {
      const one = work.get(id);
      work.delete(id);
      await one?.(this as unknown as EnteredObject, this.#ctx);
    }
  };
}

function stubOf({ className, name }: Callee): EnteredStub {
  const classes = exports as unknown as Record<string, { getByName(name: string): EnteredStub }>;
  const found = classes[className];
  if (!found) throw new Error(`task queues: the Worker exports no ${className}`);
  return found.getByName(name);
}

const enter: Enter = async <R>(
  object: Callee,
  one: (instance: EnteredObject, ctx: DurableObjectState) => R | Promise<R>,
) => {
  const id = ++entered;
  let result: { value: R } | undefined;
  work.set(id, async (instance, ctx) => {
    result = { value: await one(instance, ctx) };
  });
  await stubOf(object).enterForTest(id);
  return (result as unknown as { value: R }).value;
};

// An object that is aborted breaks the call it is aborted by.
async function empty(objects: readonly Callee[]): Promise<void> {
  const emptied = objects.map((object) =>
    enter(object, async (_, ctx) => {
      await ctx.storage.deleteAlarm();
      await ctx.storage.deleteAll();
      ctx.abort("emptied by the test kit");
    }).catch(() => {}),
  );
  await Promise.all(emptied);
}

const kit = new TestKit({ exports, env, enter, empty });

/** The Worker's default export, which answers the test at `path`. */
export function answering(main: unknown, path: string): unknown {
  if (typeof main === "function") return answeringClass(main as never, path);
  const own = main as { fetch?: Fetch };
  return new Proxy(own, {
    get: (target, key) => {
      const value = Reflect.get(target, key);
      if (key !== "fetch") return typeof value === "function" ? value.bind(target) : value;
      return (request: Request, ...rest: [unknown, ExecutionContext]) =>
        isOfTest(request, path) ? answer(request) : own.fetch?.(request, ...rest);
    },
  });
}

function answeringClass(
  Main: new (ctx: ExecutionContext, env: unknown) => WorkerEntrypoint<unknown>,
  path: string,
): unknown {
  return class extends Main {
    override fetch(request: Request): Response | Promise<Response> {
      if (isOfTest(request, path)) return answer(request);
      return super.fetch?.(request) ?? new Response(null, { status: 404 });
    }
  };
}

function isOfTest({ url }: Request, path: string): boolean {
  return new URL(url).pathname === path;
}

async function answer(request: Request): Promise<Response> {
  const call = read<Call>(await request.text());
  const got = await outcomeOf(call).catch(failureOf);
  return new Response(written({ ...got, ...whatIsNew(call.knows) }));
}

async function outcomeOf({ queue, group, verb, args }: Call): Promise<Partial<Reply>> {
  const target =
    group === undefined ? (queue === undefined ? kit : kit.queue(queue)) : kit.group(group);
  const verbs = target as unknown as Record<string, ((...args: unknown[]) => unknown) | undefined>;
  const value = await verbs[verb]?.(...args);
  return value instanceof GroupHandle ? { group: value.name } : { value };
}

function whatIsNew(knows: Call["knows"]): Pick<Reply, "now" | "added" | "attempts"> {
  return {
    now: kit.now.getTime(),
    added: newIn(kit.added(), knows.added),
    attempts: newIn(kit.attempts(), knows.attempts),
  };
}

function newIn<T>(entries: T[], known: number): { from: number; entries: T[] } {
  const from = known <= entries.length ? known : 0;
  return { from, entries: entries.slice(from) };
}
