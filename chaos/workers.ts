// Plays pull workers, over either API: they acknowledge, stall, let leases run out, extend them, give them back,
// and come with leases that hold no more.
import { type Door, GOOGLE, native } from "./door.ts";
import { LEASED_KEYS } from "./leased-keys.ts";
import type { Grant } from "./leases.ts";
import type { Ledger } from "./ledger.ts";
import { pick } from "./random.ts";

/** A lease as one of the APIs shows it: its token, or its end. */
interface Held extends Grant {
  name: string;
  token: string;
}

const LEASE_S = 1;
const WAYS = ["ack", "ack", "ack", "ack", "leave", "stall", "extend", "return", "outlive"] as const;

export class Workers {
  readonly #door: Door;
  readonly #ledger: Ledger;
  readonly #random: () => number;

  constructor(door: Door, ledger: Ledger, random: () => number) {
    this.#door = door;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Work until the door is closed. */
  async work(): Promise<void> {
    await Promise.all([
      ...[this.#lease(NATIVE), this.#lease(NATIVE), this.#lease(GOOGLES)],
      ...Array.from({ length: 4 }, () => this.#lease(NATIVE_KEYED)),
    ]);
  }

  async #lease(api: Api): Promise<void> {
    while (!this.#door.isClosed) {
      const asked = { askedAt: Date.now(), jumps: this.#door.jumps, aheadMs: this.#door.aheadMs };
      const response = await this.#door.send(api.lease.path, api.lease.body);
      const text = response?.ok ? (await response.text()).trim() : "{}";
      const { tasks = [] } = JSON.parse(text || "{}") as { tasks?: never[] };
      if (tasks.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      const { jumps, peak } = this.#door;
      const held = tasks.map((task) => given({ ...api.read(task), peak }, asked, jumps));
      this.#ledger.grants.push(...held);
      for (const one of held) await this.#workOn(api, one);
    }
  }

  async #workOn(api: Api, held: Held): Promise<void> {
    const way = pick(this.#random, WAYS);
    if (way === "leave") return;
    if (way === "stall") await new Promise((resolve) => setTimeout(resolve, 300));
    if (way === "extend") await this.#extend(api, held);
    else if (way === "return") await this.#giveBack(api, held);
    else if (way === "outlive") await this.#outlive(api, held);
    else await this.#acknowledge(api, held);
  }

  async #acknowledge(api: Api, held: Held): Promise<void> {
    held.settledAt = Date.now();
    const answer = await api.act(this.#door, "acknowledge", held);
    if (answer === undefined) held.isPerhapsAcked = true;
    else if (answer.isDone) held.ackedAt = Date.now();
  }

  /** For half a second more; the lease before is over. */
  async #extend(api: Api, held: Held): Promise<void> {
    const before = { ...held };
    const answer = await api.act(this.#door, "renewLease", held, LEASE_S + 0.5);
    if (answer === undefined) held.isDoubtful = true;
    if (!answer?.isDone) return;
    Object.assign(held, api.renewed(answer.body));
    if (held.token !== before.token) await this.#tryStale(api, before, held, "extended");
    await this.#acknowledge(api, held);
  }

  async #giveBack(api: Api, held: Held): Promise<void> {
    held.settledAt = Date.now();
    const answer = await api.act(this.#door, "cancelLease", held, 0);
    if (answer === undefined) held.isDoubtful = true;
    if (!answer?.isDone) return;
    held.isReturned = true;
    await this.#tryStale(api, held, held, "returned");
  }

  /** Comes when the lease is over by the server's clock. */
  async #outlive(api: Api, held: Held): Promise<void> {
    const isOver = () => Date.now() + this.#door.aheadMs > held.to;
    while (!isOver() && !this.#door.isClosed)
      await new Promise((resolve) => setTimeout(resolve, 100));
    if (isOver()) await this.#tryStale(api, held, held, "run out");
  }

  /** Whoever comes with a lease that holds no more changes nothing, whatever they ask. */
  async #tryStale(api: Api, stale: Held, held: Held, why: string): Promise<void> {
    const { aheadMs } = this.#door;
    const verb = pick(this.#random, ["acknowledge", "renewLease", "cancelLease"] as const);
    const seconds = verb === "renewLease" ? 5 : 0;
    const answer = await api.act(
      this.#door,
      verb,
      stale,
      verb === "acknowledge" ? undefined : seconds,
    );
    held.tried = (held.tried ?? 0) + (answer ? 1 : 0);
    // By a clock that went back meanwhile the lease may have held once more.
    const hasGoneBack = this.#door.aheadMs < aheadMs;
    if (answer?.isDone && !hasGoneBack) held.wronged = [...(held.wronged ?? []), `${why} ${verb}`];
  }
}

interface Asked {
  askedAt: number;
  /** How often the server's clock had begun, or ended, to jump, and by how much it was ahead. */
  jumps: number;
  aheadMs: number;
}

/** When it was given, where the server's clock did not jump from when it was asked for until it was answered. */
function given(held: Held, { askedAt, jumps, aheadMs }: Asked, jumpsNow: number): Held {
  if (jumps !== jumpsNow || jumps % 2 === 1) return held;
  const givenAt = held.from - aheadMs;
  return askedAt - 1 <= givenAt && givenAt <= Date.now() ? { ...held, givenAt } : held;
}

type Verb = "acknowledge" | "renewLease" | "cancelLease";

interface Answered {
  isDone: boolean;
  body: Record<string, string>;
}

interface Api {
  lease: { path: string; body: object };
  read(task: Record<string, string>): Held;
  renewed(task: Record<string, string>): Pick<Held, "to" | "token">;
  act(door: Door, verb: Verb, held: Held, seconds?: number): Promise<Answered | undefined>;
}

const nativeOf = (queue: string): Api => ({
  lease: {
    path: `${native(queue)}/tasks:lease`,
    body: { leaseSeconds: LEASE_S, maxTasks: 3, waitSeconds: 1 },
  },
  read: ({ payload = "", name = "", lease = "", leaseExpiresAt = "" }) => {
    const to = Date.parse(leaseExpiresAt);
    return { id: payload, queue, name, token: lease, from: to - LEASE_S * 1000, to };
  },
  renewed: ({ lease = "", leaseExpiresAt = "" }) => {
    return { token: lease, to: Date.parse(leaseExpiresAt) };
  },
  act: async (door, verb, { name, token: lease }, leaseSeconds) => {
    const tasks = `${native(queue)}/tasks`;
    const response =
      verb === "acknowledge"
        ? await door.send(`${tasks}:ack`, { leases: [{ name, lease }] })
        : await door.send(`${tasks}/${name}:modifyLease`, { lease, leaseSeconds });
    if (!response || response.status >= 500) return undefined;
    const text = await response.text();
    const isDone = response.ok && (verb !== "acknowledge" || text.includes('"acknowledged":true'));
    return { isDone, body: JSON.parse(text) };
  },
});

const NATIVE = nativeOf("pull");
const NATIVE_KEYED = nativeOf(LEASED_KEYS);

const GOOGLES: Api = {
  lease: {
    path: `/v2beta2/${GOOGLE}/pull/tasks:lease`,
    body: { maxTasks: 3, leaseDuration: `${LEASE_S}s`, responseView: "FULL" },
  },
  read: (task) => {
    const { name = "", scheduleTime = "" } = task;
    const to = Date.parse(scheduleTime);
    const id = name.split("/").at(-1)?.replace("p-", "") ?? "";
    return { id, queue: "pull", name, token: scheduleTime, from: to - LEASE_S * 1000, to };
  },
  renewed: ({ scheduleTime = "" }) => ({ token: scheduleTime, to: Date.parse(scheduleTime) }),
  act: async (door, verb, { name, token: scheduleTime }, seconds) => {
    const change = verb === "renewLease" ? { leaseDuration: `${seconds}s` } : {};
    const response = await door.send(`/v2beta2/${name}:${verb}`, { scheduleTime, ...change });
    if (!response || response.status >= 500) return undefined;
    return { isDone: response.ok, body: JSON.parse(await response.text()) };
  },
};
