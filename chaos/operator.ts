// Plays the operator: pauses, purges, deletes, runs now, reschedules, and brings back what has failed.
import { type Door, GOOGLE, native } from "./door.ts";
import type { Ledger } from "./ledger.ts";
import { pick } from "./random.ts";
import type { Added, Redrive } from "./sort.ts";

/** Queues that have failed tasks. */
const FAILING = ["kept", "dead", "doomed"];

interface Failed {
  name: string;
  id: string;
}

export class Operator {
  readonly #door: Door;
  readonly #ledger: Ledger;
  readonly #random: () => number;

  constructor(door: Door, ledger: Ledger, random: () => number) {
    this.#door = door;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Works until the door is closed. */
  async work(): Promise<void> {
    const acts = [
      ...[this.#pause, this.#purge, this.#runNow, this.#delete, this.#reschedule],
      ...[this.#redrive, this.#redrive, this.#redrive, this.#deleteFailed],
    ];
    while (!this.#door.isClosed) {
      await new Promise((resolve) => setTimeout(resolve, 100 + this.#random() * 200));
      await pick(this.#random, acts).call(this);
    }
  }

  async #pause(): Promise<void> {
    await this.#door.send(`${native("right")}:pause`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await this.#door.send(`${native("right")}:resume`);
  }

  async #purge(): Promise<void> {
    const { added, queueOf } = this.#ledger;
    const before = added.filter(
      ({ id, answer, removedAt }) =>
        answer === "accepted" && removedAt === undefined && queueOf.get(id) === "purged",
    );
    const response = await this.#door.send(`${native("purged")}:purge`);
    if (response?.ok) for (const one of before) one.removedAt = Date.now();
  }

  #someNamed(): Added | undefined {
    const { added, queueOf } = this.#ledger;
    const isOrdinary = ({ name }: Added) =>
      name !== undefined && ["left", "right"].includes(queueOf.get(name) ?? "");
    const last = added.slice(-300).filter(isOrdinary);
    return last.length > 0 ? pick(this.#random, last) : undefined;
  }

  async #runNow(): Promise<void> {
    const one = this.#someNamed();
    if (!one) return;
    for (const { id, name } of this.#ledger.added) {
      if (name === one.name) this.#ledger.ranByHand.add(id);
    }
    const paths = ["left", "right"].map((queue) => `${native(queue)}/tasks/${one.name}:run`);
    await Promise.all(paths.map((path) => this.#door.send(path)));
  }

  async #reschedule(): Promise<void> {
    const one = this.#someNamed();
    if (!one) return;
    await this.#door.send(`${native("left")}/tasks/${one.name}:reschedule`, { countdown: 0.5 });
  }

  async #delete(): Promise<void> {
    const one = this.#someNamed();
    if (!one) return;
    // Whichever id of the name was accepted is the one that goes.
    const ones = this.#ledger.added.filter(({ name }) => name === one.name);
    for (const queue of ["left", "right"]) await this.#remove(queue, one.name as string, ones);
  }

  async #deleteFailed(): Promise<void> {
    // Not the subtask of a group, which would wait for it.
    const one = (await this.failedOf("kept")).find(({ name }) => name.startsWith("n-"));
    const ones = this.#ledger.added.filter(({ id }) => id === one?.id);
    if (one) await this.#remove("kept", one.name, ones);
  }

  /** By one of the two doors. */
  async #remove(queue: string, name: string, ones: readonly Added[]): Promise<void> {
    for (const each of ones) each.end = "any";
    const isGoogles = this.#random() < 0.5;
    const full = `${GOOGLE}/${queue}`;
    const response = isGoogles
      ? await this.#door.send(`/v2beta3/${full}/tasks:batchDelete`, {
          names: [`${full}/tasks/${name}`],
        })
      : await this.#door.send(`${native(queue)}/tasks:delete`, { names: [name] });
    const text = response?.ok ? await response.text() : "";
    const isGone = text.includes(isGoogles ? '"SUCCEEDED"' : '"deleted":true');
    if (isGone) for (const each of ones) each.removedAt = Date.now();
  }

  async #redrive(): Promise<void> {
    const queue = pick(this.#random, FAILING);
    const way = pick(this.#random, ["one", "some", "all", "run"]);
    if (way === "all") return this.redriveAll(queue);
    const failed = await this.#failedOf(queue, way === "some" ? 5 : 1);
    if (failed.length === 0) return;
    const [{ name }] = failed as [Failed];
    const redrive = this.#asked(failed.map(({ id }) => id));
    if (way === "run")
      await this.#ran(redrive, await this.#door.send(`${native(queue)}/tasks/${name}:run`));
    else await this.#redriveNamed(queue, failed, redrive);
  }

  #asked(ids: Redrive["ids"]): Redrive {
    const redrive: Redrive = { ids, askedAt: Date.now(), back: [] };
    this.#ledger.redrives.push(redrive);
    return redrive;
  }

  async #ran(redrive: Redrive, response: Response | undefined): Promise<void> {
    if (response) redrive.answeredAt = Date.now();
  }

  async #redriveNamed(queue: string, failed: readonly Failed[], redrive: Redrive): Promise<void> {
    const names = failed.map(({ name }) => name);
    const response = await this.#door.send(`${native(queue)}/tasks:redrive`, { names });
    if (!response) return;
    redrive.answeredAt = Date.now();
    const { results = [] } = (await response.json()) as { results?: { redriven: boolean }[] };
    const back = failed.filter((_, i) => results[i]?.redriven).map(({ id }) => id);
    Object.assign(redrive, { ids: response.ok ? back : redrive.ids, back });
  }

  /** Brings back all that has failed on the queue. */
  async redriveAll(queue: string): Promise<void> {
    const redrive = this.#asked({ queue });
    const response = await this.#door.send(`${native(queue)}/tasks:redrive`, { all: true });
    if (response) redrive.answeredAt = Date.now();
  }

  async #failedOf(queue: string, most: number): Promise<Failed[]> {
    const failed = await this.failedOf(queue);
    return failed.sort(() => this.#random() - 0.5).slice(0, most);
  }

  /** What has failed on the queue; a dead letter runs as a task of its own. */
  failedOf(queue: string): Promise<Failed[]> {
    return this.#keptOf(queue, "failed");
  }

  expiredOf(queue: string): Promise<Failed[]> {
    return this.#keptOf(queue, "expired");
  }

  async #keptOf(queue: string, state: "failed" | "expired"): Promise<Failed[]> {
    const tasks: { name: string; url?: string }[] = [];
    const path = `${native(queue)}/tasks?state=${state}&limit=1000`;
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const response = await this.#door.get(cursor ? `${path}&cursor=${cursor}` : path);
      if (!response?.ok) return [];
      const page = (await response.json()) as { tasks: typeof tasks; cursor?: string };
      tasks.push(...page.tasks);
      cursor = page.cursor;
    }
    return tasks.map(({ name, url = "" }) => {
      const id = `${url.split("/")[2]}${queue === "dead" ? "!" : ""}`;
      return { name, id };
    });
  }
}
