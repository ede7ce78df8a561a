// Adds tasks in every way there is, and plays pull worker and operator; the ledger says what was answered.
import { pick } from "./random.ts";
import type { Added } from "./sort.ts";

type Answer = Added["answer"];

const BEHAVIOURS = ["ok", "ok", "ok", "slow", "fail", "error", "later"];
/** Between two acts of one producer: the queues keep up with all of them, however fast the machine is. */
const WAIT_MS = 75;

export interface Lease {
  id: string;
  /** When the server gave it and when it ends, by the server's clock. */
  from: number;
  to: number;
  life: number;
  /** By the clock of this process: when the acknowledgement was answered. */
  ackedAt?: number;
}

export class Ledger {
  readonly added: Added[] = [];
  readonly leases: Lease[] = [];
  readonly groups = new Map<string, Answer>();
  /** Tasks that an operator made run: they take no tokens. */
  readonly ranByHand = new Set<string>();
  readonly purged: Added[] = [];
  /** What was refused as wrong, of which nothing here should be. */
  readonly invalid: string[] = [];
}

export class Producers {
  readonly ledger = new Ledger();
  readonly #random: () => number;
  #url = "";
  #life = 0;
  #isOver = true;
  #ids = 0;
  /** Where each name was sent to. */
  readonly #queueOf = new Map<string, string>();

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Works until `stop`, or until the server is gone. */
  async work(url: string, life: number): Promise<void> {
    this.#url = url;
    this.#life = life;
    this.#isOver = false;
    await this.#sendAgain();
    const loops = [this.#produce(), this.#produce(), this.#produce(), this.#operate()];
    await Promise.all([...loops, this.#lease(), this.#lease()]);
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Leases and acknowledges until nothing is left. */
  async drain(url: string, life: number): Promise<void> {
    this.#url = url;
    this.#life = life;
    this.#isOver = false;
    await this.#lease();
  }

  async #produce(): Promise<void> {
    const kinds = [
      ...[this.#single, this.#single, this.#form, this.#batch, this.#batch, this.#gathered],
      ...[this.#cloudTasks, this.#group, this.#master, this.#deferred, this.#doomed],
      ...[this.#toPurge, this.#pull, this.#toGone, this.#raw],
    ];
    while (!this.#isOver) {
      await pick(this.#random, kinds).call(this);
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }

  #new(end: Added["end"] = "done", isNamed = false): Added {
    const id = `t${++this.#ids}`;
    const one: Added = { id, answer: "doubt", end, ...(isNamed && { name: `n-${id}` }) };
    this.ledger.added.push(one);
    return one;
  }

  #queue(): string {
    return pick(this.#random, ["left", "right"]);
  }

  #taskOf({ id, name }: Added, does = pick(this.#random, BEHAVIOURS)): Record<string, unknown> {
    const countdown = pick(this.#random, [undefined, undefined, 0.3, 1.5]);
    return { url: `/task/${id}/${does}`, name, countdown };
  }

  async #send(
    path: string,
    body: unknown,
    type = "application/json",
  ): Promise<Response | undefined> {
    try {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const init = { method: "POST", body: text, headers: { "Content-Type": type } };
      const response = await fetch(this.#url + path, init);
      // An answer that broke off is none.
      return new Response(await response.text(), { status: response.status });
    } catch {
      return undefined;
    }
  }

  async #answers(response: Response | undefined, ones: readonly Added[]): Promise<void> {
    if (!response || response.status >= 500) return;
    if (!response.ok) for (const one of ones) one.answer = "refused";
    const text = await response.text();
    if (response.status === 400) this.ledger.invalid.push(text);
    const { results } = (response.ok ? JSON.parse(text) : {}) as { results?: { task?: unknown }[] };
    if (response.ok) {
      for (const [i, one] of ones.entries()) {
        one.answer = !results || results[i]?.task ? "accepted" : "refused";
      }
    }
  }

  async #single(): Promise<void> {
    const one = this.#new("done", this.#random() < 0.5);
    const queue = this.#queue();
    if (one.name) this.#queueOf.set(one.name, queue);
    const path = `/_ah/api/queues/${queue}/tasks`;
    await this.#answers(await this.#send(path, this.#taskOf(one)), [one]);
  }

  async #form(): Promise<void> {
    const one = this.#new();
    const url = encodeURIComponent(`/task/${one.id}/ok`);
    const path = `/_ah/api/queues/${this.#queue()}/tasks?url=${url}`;
    const type = "application/x-www-form-urlencoded";
    await this.#answers(await this.#send(path, "a=1&b=2", type), [one]);
  }

  async #raw(): Promise<void> {
    const one = this.#new();
    const eta = new Date(Date.now() + 500).toISOString();
    const path = `/_ah/api/queues/left/tasks?url=${encodeURIComponent(`/task/${one.id}/ok`)}`;
    const sent = this.#send(`${path}&eta=${eta}`, "bytes", "application/octet-stream");
    await this.#answers(await sent, [one]);
  }

  async #batch(): Promise<void> {
    const ones = Array.from({ length: 5 }, () => this.#new("done", this.#random() < 0.3));
    const atomic = this.#random() < 0.5;
    const tasks = ones.map((one) => this.#taskOf(one));
    const queue = this.#queue();
    for (const { name } of ones) if (name) this.#queueOf.set(name, queue);
    const path = `/_ah/api/queues/${queue}/tasks`;
    await this.#answers(await this.#send(path, { tasks, atomic }), ones);
  }

  async #gathered(): Promise<void> {
    const ones = Array.from({ length: 4 }, () => this.#new());
    const add = ones.map((one) => ({ queue: this.#queue(), task: this.#taskOf(one) }));
    const response = await this.#send("/act", { add });
    if (!response?.ok) return;
    const { added } = (await response.json()) as { added: boolean[] };
    // A refusal here may also be a call that was cut off.
    for (const [i, one] of ones.entries()) if (added[i]) one.answer = "accepted";
  }

  async #cloudTasks(): Promise<void> {
    const one = this.#new();
    const path = `/v2/projects/p/locations/l/queues/${this.#queue()}/tasks`;
    const appEngineHttpRequest = { relativeUri: `/task/${one.id}/ok` };
    await this.#answers(await this.#send(path, { task: { appEngineHttpRequest } }), [one]);
  }

  async #group(): Promise<void> {
    if (this.#random() < 0.5) return;
    const ones = Array.from({ length: 6 }, () => this.#new());
    const then = this.#new();
    const name = `g-${then.id}`;
    const tasks = ones.map((one) => ({ ...this.#taskOf(one), queue: this.#queue() }));
    const what = { name, tasks, then: { queue: "left", url: `/task/${then.id}/ok` } };
    const response = await this.#send("/_ah/api/groups", what);
    await this.#answers(response, [...ones, then]);
    this.ledger.groups.set(name, then.answer);
  }

  async #master(): Promise<void> {
    if (this.#random() < 0.5) return;
    const one = this.#new();
    const parts = [0, 1, 2, 3].map((i): Added => ({ ...one, id: `${one.id}.${i}` }));
    this.ledger.added.push(...parts);
    const path = "/_ah/api/queues/left/tasks";
    const task = { url: `/task/${one.id}/master`, name: `m-${one.id}` };
    await this.#answers(await this.#send(path, task), [one, ...parts]);
  }

  async #deferred(): Promise<void> {
    const one = this.#new();
    const response = await this.#send("/act", { defer: one.id });
    if (response?.ok) one.answer = "accepted";
  }

  async #doomed(): Promise<void> {
    const one = this.#new("failed", this.#random() < 0.5);
    if (one.name) this.#queueOf.set(one.name, "doomed");
    const path = "/_ah/api/queues/doomed/tasks";
    await this.#answers(await this.#send(path, this.#taskOf(one, "permanent")), [one]);
  }

  async #toGone(): Promise<void> {
    const one = this.#new();
    await this.#answers(await this.#send("/_ah/api/queues/gone/tasks", this.#taskOf(one)), [one]);
  }

  async #toPurge(): Promise<void> {
    const one = this.#new("any");
    const task = { ...this.#taskOf(one), countdown: 1 };
    await this.#answers(await this.#send("/_ah/api/queues/purged/tasks", task), [one]);
    if (one.answer === "accepted") this.ledger.purged.push(one);
  }

  async #pull(): Promise<void> {
    const one = this.#new();
    const path = "/_ah/api/queues/pull/tasks";
    await this.#answers(await this.#send(path, { payload: one.id, name: `p-${one.id}` }), [one]);
  }

  // Names whose answer got lost are sent again: there or not, they are accepted once.
  async #sendAgain(): Promise<void> {
    const names = new Set(this.ledger.added.map(({ name }) => name));
    const done = new Set(
      this.ledger.added.filter(({ answer }) => answer !== "doubt").map(({ name }) => name),
    );
    const doubtful = [...names].filter((name) => name !== undefined && !done.has(name));
    for (const name of doubtful.slice(-10)) {
      const former = this.ledger.added.find((one) => one.name === name) as Added;
      const one = this.#new(former.end);
      one.name = name as string;
      const queue = this.#queueOf.get(name as string);
      const does = former.end === "failed" ? "permanent" : "ok";
      const path = `/_ah/api/queues/${queue}/tasks`;
      await this.#answers(await this.#send(path, this.#taskOf(one, does)), [one]);
    }
  }

  async #operate(): Promise<void> {
    const acts = [this.#pause, this.#purge, this.#runNow, this.#delete, this.#reschedule];
    while (!this.#isOver) {
      await new Promise((resolve) => setTimeout(resolve, 150 + this.#random() * 300));
      await pick(this.#random, acts).call(this);
    }
  }

  async #pause(): Promise<void> {
    await this.#send("/_ah/api/queues/right:pause", "");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await this.#send("/_ah/api/queues/right:resume", "");
  }

  async #purge(): Promise<void> {
    const before = this.ledger.purged.splice(0);
    const response = await this.#send("/_ah/api/queues/purged:purge", "");
    if (response?.ok) for (const one of before) one.removedAt ??= Date.now();
  }

  #someNamed(): Added | undefined {
    const { added } = this.ledger;
    const last = added.slice(-200).filter((one) => one.name && one.end === "done");
    return last.length > 0 ? pick(this.#random, last) : undefined;
  }

  async #runNow(): Promise<void> {
    const one = this.#someNamed();
    if (!one) return;
    for (const { id, name } of this.ledger.added) {
      if (name === one.name) this.ledger.ranByHand.add(id);
    }
    const paths = ["left", "right"].map(
      (queue) => `/_ah/api/queues/${queue}/tasks/${one.name}:run`,
    );
    await Promise.all(paths.map((path) => this.#send(path, "")));
  }

  async #reschedule(): Promise<void> {
    const one = this.#someNamed();
    if (!one) return;
    const path = `/_ah/api/queues/left/tasks/${one.name}:reschedule`;
    await this.#send(path, { countdown: 0.5 });
  }

  async #delete(): Promise<void> {
    const one = this.#someNamed();
    if (!one) return;
    // Whichever id of the name was accepted is the one that goes.
    const ones = this.ledger.added.filter(({ name }) => name === one.name);
    for (const each of ones) each.end = "any";
    for (const queue of ["left", "right"]) {
      const path = `/_ah/api/queues/${queue}/tasks:delete`;
      const response = await this.#send(path, { names: [one.name] });
      const text = response?.ok ? await response.text() : "";
      if (text.includes('"deleted":true')) {
        for (const each of ones) each.removedAt = Date.now();
      }
    }
  }

  async #lease(): Promise<void> {
    while (!this.#isOver) {
      const request = { leaseSeconds: 1, maxTasks: 5, waitSeconds: 1 };
      const response = await this.#send("/_ah/api/queues/pull/tasks:lease", request);
      const text = response?.ok ? (await response.text()).trim() : '{"tasks":[]}';
      const { tasks } = JSON.parse(text) as { tasks: Leased[] };
      if (!response) await new Promise((resolve) => setTimeout(resolve, 50));
      for (const task of tasks) await this.#workOn(task);
    }
  }

  // A task in five is left to run out.
  async #workOn({ payload, name, lease, leaseExpiresAt }: Leased): Promise<void> {
    const to = Date.parse(leaseExpiresAt);
    const held: Lease = { id: payload, from: to - 1000, to, life: this.#life };
    this.ledger.leases.push(held);
    if (this.#random() < 0.2) return;
    const leases = [{ name, lease }];
    const response = await this.#send("/_ah/api/queues/pull/tasks:ack", { leases });
    const isAcked = response?.ok && (await response.text()).includes('"acknowledged":true');
    if (isAcked) held.ackedAt = Date.now();
  }
}

interface Leased {
  payload: string;
  name: string;
  lease: string;
  leaseExpiresAt: string;
}
