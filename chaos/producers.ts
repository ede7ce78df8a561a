// Adds tasks in every way there is; the ledger says what was answered.
import { type Door, GOOGLE, native } from "./door.ts";
import { fairness, KEYED } from "./keyed.ts";
import { LEASED_KEYS } from "./leased-keys.ts";
import type { Ledger } from "./ledger.ts";
import { pick } from "./random.ts";
import { deadlineOf } from "./report.ts";
import { NAMES_AT_ONCE, workOnName } from "./ruled.ts";
import { BURST, SHARING } from "./sharing.ts";
import type { Added } from "./sort.ts";
import { TOGETHER, togetherTask } from "./together.ts";

const BEHAVIOURS = ["ok", "ok", "ok", "slow", "fail", "error", "later", "torn"];
const LATE = ["late-ok", "late-fail", "late-for-good", "hang"];
const OUTSIDE = ["ok", "ok", "reset", "torn", "hang"];
/** Between two acts of one producer: the queues keep up with all of them, however fast the machine is. */
const WAIT_MS = 75;
/** Each holds a slot until its deadline: what does not get one in its life hangs in the last, and all wait for it. */
const LATE_PER_LIFE = 3;

export class Producers {
  readonly #door: Door;
  readonly #ledger: Ledger;
  readonly #random: () => number;
  /** Where tasks that leave the Worker go. */
  readonly #outside: string;
  /** Whether the version that lives knows of keys, of tasks that share a call, of rules and of limits that queues share. */
  isNow = true;
  #hasBuffered = false;
  #lateLeft = 0;
  #nextBurst = 0;

  constructor(door: Door, ledger: Ledger, random: () => number, outside: string) {
    this.#door = door;
    this.#ledger = ledger;
    this.#random = random;
    this.#outside = outside;
  }

  /** Works until the door is closed. */
  async work(): Promise<void> {
    this.#lateLeft = LATE_PER_LIFE;
    await this.#sendAgain();
    await this.#makeBuffered();
    const produced = [this.#produce(), this.#produce(), this.#produce()];
    await Promise.all([...produced, this.#produceRuled()]);
  }

  /** More than some seconds' tokens at once, so that the queue has none to spare. */
  async flood(): Promise<void> {
    const ones = Array.from({ length: 80 }, () => this.#ledger.new());
    const tasks = ones.map((one) => ({ ...this.#taskOf(one, "ok"), countdown: 0 }));
    await this.#ledger.answered(await this.#door.send(`${native("full")}/tasks`, { tasks }), ones);
  }

  async #produce(): Promise<void> {
    const newer = [
      ...[this.#keyed, this.#keyed, this.#together, this.#together],
      ...[this.#sharing, this.#sharing, this.#pullKeyed, this.#pullKeyed],
    ];
    const kinds = [
      ...[this.#single, this.#single, this.#form, this.#batch, this.#batch, this.#gathered],
      ...[this.#cloudTasks, this.#cloudBatch, this.#buffer, this.#group, this.#fragile],
      ...[
        this.#master,
        this.#deferred,
        this.#doomed,
        this.#kept,
        this.#someLate,
        this.#someLate,
        this.#out,
      ],
      ...[this.#toPurge, this.#pull, this.#pull, this.#toGone, this.#raw],
      ...(this.isNow ? newer : []),
    ];
    while (!this.#door.isClosed) {
      await pick(this.#random, kinds).call(this);
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }

  #queue(): string {
    return pick(this.#random, ["left", "right"]);
  }

  #taskOf({ id, name }: Added, does = pick(this.#random, BEHAVIOURS)): Record<string, unknown> {
    const countdown = pick(this.#random, [undefined, undefined, 0.3, 1.5]);
    const { deadlineMs } = deadlineOf(does);
    const dispatchDeadline = deadlineMs && deadlineMs / 1000;
    return { url: `/task/${id}/${does}`, name, countdown, dispatchDeadline };
  }

  async #add(queue: string, one: Added, task: object): Promise<void> {
    if (one.name) this.#ledger.queueOf.set(one.name, queue);
    const response = await this.#door.send(`${native(queue)}/tasks`, task);
    await this.#ledger.answered(response, [one]);
  }

  async #single(): Promise<void> {
    const one = this.#ledger.new("done", this.#random() < 0.5);
    await this.#add(this.#queue(), one, this.#taskOf(one));
  }

  async #form(): Promise<void> {
    const one = this.#ledger.new();
    const url = encodeURIComponent(`/task/${one.id}/ok`);
    const path = `${native(this.#queue())}/tasks?url=${url}`;
    const type = "application/x-www-form-urlencoded";
    await this.#ledger.answered(await this.#door.send(path, "a=1&b=2", type), [one]);
  }

  async #raw(): Promise<void> {
    const one = this.#ledger.new();
    const eta = new Date(Date.now() + 500).toISOString();
    const path = `${native("left")}/tasks?url=${encodeURIComponent(`/task/${one.id}/ok`)}`;
    const sent = this.#door.send(`${path}&eta=${eta}`, "bytes", "application/octet-stream");
    await this.#ledger.answered(await sent, [one]);
  }

  async #batch(): Promise<void> {
    const ones = Array.from({ length: 5 }, () => this.#ledger.new("done", this.#random() < 0.3));
    const atomic = this.#random() < 0.5;
    const tasks = ones.map((one) => this.#taskOf(one));
    const queue = this.#queue();
    for (const { name } of ones) if (name) this.#ledger.queueOf.set(name, queue);
    const response = await this.#door.send(`${native(queue)}/tasks`, { tasks, atomic });
    await this.#ledger.answered(response, ones);
  }

  async #gathered(): Promise<void> {
    const ones = Array.from({ length: 4 }, () => this.#ledger.new());
    const add = ones.map((one) => ({ queue: this.#queue(), task: this.#taskOf(one) }));
    const response = await this.#door.send("/act", { add });
    if (!response?.ok) return;
    const { added } = (await response.json()) as { added: boolean[] };
    // A refusal here may also be a call that was cut off.
    for (const [i, one] of ones.entries()) if (added[i]) one.answer = "accepted";
  }

  async #cloudTasks(): Promise<void> {
    const one = this.#ledger.new();
    const appEngineHttpRequest = { relativeUri: `/task/${one.id}/ok` };
    const path = `/v2/${GOOGLE}/${this.#queue()}/tasks`;
    const response = await this.#door.send(path, { task: { appEngineHttpRequest } });
    await this.#ledger.answered(response, [one]);
  }

  async #cloudBatch(): Promise<void> {
    const ones = Array.from({ length: 4 }, () => this.#ledger.new());
    const parent = `${GOOGLE}/${this.#queue()}`;
    const requests = ones.map(({ id }) => {
      return { parent, task: { appEngineHttpRequest: { relativeUri: `/task/${id}/ok` } } };
    });
    const response = await this.#door.send(`/v2beta3/${parent}/tasks:batchCreate`, { requests });
    await this.#ledger.answered(response, ones);
  }

  /** The queue whose tasks are made of bare bodies; it stays once it is made. */
  async #makeBuffered(): Promise<void> {
    if (this.#hasBuffered) return;
    const { hostname, port } = new URL(this.#outside);
    const pathOverride = { path: "/out" };
    const uriOverride = { scheme: "HTTP", host: hostname, port: Number(port), pathOverride };
    const queue = {
      name: `${GOOGLE}/buffered`,
      httpTarget: { uriOverride },
      rateLimits: { maxDispatchesPerSecond: 50 },
      retryConfig: { maxAttempts: -1, minBackoff: "0.1s", maxBackoff: "1s" },
    };
    const response = await this.#door.send(`/v2beta3/${GOOGLE}`, queue);
    this.#hasBuffered = response?.ok === true || response?.status === 409;
  }

  async #buffer(): Promise<void> {
    if (!this.#hasBuffered) return;
    const one = this.#ledger.new();
    const does = pick(this.#random, OUTSIDE.slice(0, 4));
    const path = `/v2beta3/${GOOGLE}/buffered/tasks:buffer`;
    const response = await this.#door.send(path, `${one.id}/${does}`, "text/plain");
    await this.#ledger.answered(response, [one]);
  }

  async #out(): Promise<void> {
    const one = this.#ledger.new();
    const does = pick(this.#random, OUTSIDE);
    const url = `${this.#outside}/out/${one.id}/${does}`;
    await this.#add("out", one, { ...this.#taskOf(one, does), url });
  }

  async #someLate(): Promise<void> {
    if (this.#lateLeft-- > 0) await this.late();
  }

  /** One of each, so that every one is under way when a clock jumps. */
  async late(): Promise<void> {
    const ones = LATE.map(() => this.#ledger.new());
    const tasks = ones.map((one, i) => ({ ...this.#taskOf(one, LATE[i]), countdown: 0 }));
    await this.#ledger.answered(await this.#door.send(`${native("late")}/tasks`, { tasks }), ones);
  }

  async #group(): Promise<void> {
    if (this.#random() < 0.5) return;
    const ones = Array.from({ length: 6 }, () => this.#ledger.new());
    const tasks = ones.map((one) => ({ ...this.#taskOf(one), queue: this.#queue() }));
    await this.#make(ones, tasks, 0);
  }

  /** A group of which one subtask fails for good until it is redriven. */
  async #fragile(): Promise<void> {
    if (this.#random() < 0.5) return;
    const ones = Array.from({ length: 3 }, () => this.#ledger.new());
    const tasks = ones.map((one, i) => {
      const [queue, does] = i === 0 ? ["kept", "mends"] : [this.#queue(), "ok"];
      return { ...this.#taskOf(one, does), queue };
    });
    await this.#make(ones, tasks, this.#random() < 0.5 ? 0 : 1);
  }

  async #make(ones: readonly Added[], tasks: readonly object[], mayFail: number): Promise<void> {
    const last = this.#ledger.new();
    const name = `g-${last.id}`;
    const made = {
      ...{ name, tasks, then: { queue: "left", url: `/task/${last.id}/ok` } },
      onFailure: mayFail === 0 ? "all" : mayFail,
    };
    await this.#ledger.answered(await this.#door.send("/_ah/api/groups", made), [...ones, last]);
    const parts = ones.map(({ id }) => id);
    this.#ledger.groups.push({ name, answer: last.answer, parts, last: last.id, mayFail });
  }

  async #master(): Promise<void> {
    if (this.#random() < 0.5) return;
    const one = this.#ledger.new();
    const parts = [0, 1, 2, 3].map((i): Added => ({ ...one, id: `${one.id}.${i}` }));
    this.#ledger.added.push(...parts);
    const task = { url: `/task/${one.id}/master`, name: `m-${one.id}` };
    const response = await this.#door.send(`${native("left")}/tasks`, task);
    await this.#ledger.answered(response, [one, ...parts]);
  }

  async #deferred(): Promise<void> {
    const one = this.#ledger.new();
    const response = await this.#door.send("/act", { defer: one.id });
    if (response?.ok) one.answer = "accepted";
  }

  async #doomed(): Promise<void> {
    const one = this.#ledger.new("failed", this.#random() < 0.5);
    const does = pick(this.#random, ["permanent", "buried"]);
    await this.#add("doomed", one, this.#taskOf(one, does));
  }

  async #kept(): Promise<void> {
    const does = pick(this.#random, ["permanent", "mends"]);
    const one = this.#ledger.new(does === "mends" ? "done" : "failed", true);
    // It stays on this queue, so the operator that redrives and deletes knows it by its name.
    await this.#add("kept", one, { ...this.#taskOf(one, does), countdown: 0 });
  }

  async #toGone(): Promise<void> {
    const one = this.#ledger.new();
    await this.#add("gone", one, this.#taskOf(one));
  }

  async #keyed(): Promise<void> {
    const ones = Array.from({ length: 3 }, () => this.#ledger.new());
    const tasks = ones.map((one) => {
      const fair = fairness(this.#random);
      if (fair.key !== undefined) this.#ledger.keyOf.set(one.id, fair.key);
      return { ...this.#taskOf(one), ...fair };
    });
    const response = await this.#door.send(`${native(KEYED)}/tasks`, { tasks });
    await this.#ledger.answered(response, ones);
  }

  async #together(): Promise<void> {
    const ones = Array.from({ length: 6 }, () => this.#ledger.new());
    const tasks = ones.map(({ id, name }) => ({ ...togetherTask(id, this.#random), name }));
    const response = await this.#door.send(`${native(TOGETHER)}/tasks`, { tasks });
    await this.#ledger.answered(response, ones);
  }

  async #sharing(): Promise<void> {
    if (Date.now() < this.#nextBurst) return;
    this.#nextBurst = Date.now() + BURST.everyMs;
    await Promise.all(
      SHARING.map(async (queue) => {
        const ones = Array.from({ length: BURST.tasks }, () => this.#ledger.new());
        const tasks = ones.map((one) => ({ ...this.#taskOf(one), countdown: 0 }));
        await this.#ledger.answered(
          await this.#door.send(`${native(queue)}/tasks`, { tasks }),
          ones,
        );
      }),
    );
  }

  /** One name after the other, as long as each takes. */
  async #produceRuled(): Promise<void> {
    const work = { door: this.#door, ledger: this.#ledger, random: this.#random };
    while (this.isNow && !this.#door.isClosed) {
      await Promise.all(Array.from({ length: NAMES_AT_ONCE }, () => workOnName(work)));
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }

  async #toPurge(): Promise<void> {
    const one = this.#ledger.new("any");
    this.#ledger.queueOf.set(one.id, "purged");
    await this.#add("purged", one, { ...this.#taskOf(one), countdown: 1 });
  }

  async #pull(): Promise<void> {
    const ones = Array.from({ length: 4 }, () => this.#ledger.new());
    const tasks = ones.map(({ id }) => ({ payload: id, name: `p-${id}` }));
    await this.#ledger.answered(await this.#door.send(`${native("pull")}/tasks`, { tasks }), ones);
  }

  async #pullKeyed(): Promise<void> {
    const one = this.#ledger.new();
    const fair = fairness(this.#random);
    if (fair.key !== undefined) this.#ledger.keyOf.set(one.id, fair.key);
    const task = { payload: one.id, name: `p-${one.id}`, ...fair };
    await this.#add(LEASED_KEYS, one, task);
  }

  // Names whose answer got lost are sent again: there or not, they are accepted once.
  async #sendAgain(): Promise<void> {
    const { added, queueOf } = this.#ledger;
    const known = new Set(added.filter(({ answer }) => answer !== "doubt").map(({ name }) => name));
    const doubtful = new Set(
      added.flatMap(({ name }) => (name === undefined || known.has(name) ? [] : [name])),
    );
    for (const name of [...doubtful].slice(-10)) {
      const former = added.find((one) => one.name === name) as Added;
      const one = this.#ledger.new(former.end);
      one.name = name;
      const queue = queueOf.get(name) as string;
      const does = former.end === "failed" ? "permanent" : "ok";
      await this.#add(queue, one, this.#taskOf(one, does));
    }
  }
}
