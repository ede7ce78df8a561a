// One disturbance on one server: slices of the victim alone, with the generator's requests alone and with
// the disturbance take turns; then the facts, and the memory all through.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CLASSES, type Running, startWorkerd } from "../workerd.ts";
import { DISTURBANCES } from "./disturbances/all.ts";
import type { Order, Report } from "./orders.ts";
import {
  type Fact,
  isBounded,
  KINDS,
  type Memory,
  type Row,
  rowOf,
  type Samples,
  type Side,
} from "./verdict.ts";
import { hangUp, sampled, slowestAdd } from "./victim.ts";

export interface Size {
  isShort: boolean;
  rounds: number;
  sliceSeconds: number;
}

export interface Outcome {
  rows: Row[];
  facts: Fact[];
  memory: Memory;
  isMemoryBounded: boolean;
}

const PER_SECOND = 40;
const MEMORY_EVERY_MS = 100;
const entry = join(import.meta.dirname, "../worker/overload.ts");

export async function overload(name: string, size: Size): Promise<Outcome> {
  const generator = fork(join(import.meta.dirname, "generator.ts"));
  try {
    const first = await heard(generator);
    const targets = "targets" in first ? first.targets : {};
    const vars = { TASKQUEUE_ALLOW_HOSTS: Object.values(targets).join(",") };
    const server = await startWorkerd(
      [{ name: "overload", entry, classes: CLASSES, vars }],
      // What it says of clients that break off is expected.
      () => {},
    );
    return await new Suite(name, size, generator, server).run();
  } finally {
    generator.disconnect();
    hangUp();
  }
}

class Suite {
  readonly #name: string;
  readonly #size: Size;
  readonly #generator: ChildProcess;
  #server: Running;

  constructor(name: string, size: Size, generator: ChildProcess, server: Running) {
    this.#name = name;
    this.#size = size;
    this.#generator = generator;
    this.#server = server;
    generator.on("message", (report: Report) => {
      if ("restart" in report) void this.#restart();
    });
  }

  async run(): Promise<Outcome> {
    const { isShort } = this.#size;
    const disturbance = DISTURBANCES[this.#name];
    try {
      await sampled(this.#port, isShort ? 1 : 3, PER_SECOND);
      await this.#obeyed({ do: "meet", port: this.#port, isShort });
      const memory = new Watched(() => this.#server.memory());
      await this.#obeyed({ do: "prepare", name: this.#name });
      const rows = disturbance?.slice ? await this.#rows() : [];
      const facts = disturbance?.facts ? await this.#facts() : [];
      await sleep(isShort ? 1000 : 8000);
      const used = memory.end();
      const isMemoryBounded = isBounded(used, disturbance?.mostMemory);
      return { rows, facts, memory: used, isMemoryBounded };
    } finally {
      await this.#server.stop();
    }
  }

  get #port(): number {
    return this.#server.ports.get("overload") as number;
  }

  async #rows(): Promise<Row[]> {
    const slices: Record<Side, Samples[]> = { quiet: [], control: [], disturbed: [] };
    const { control, most } = DISTURBANCES[this.#name] ?? {};
    const sides = [
      async () => slices.quiet.push(await this.#sampled()),
      async () => slices.disturbed.push(await this.#while("slice")),
      async () => control && slices.control.push(await this.#while("control")),
    ];
    // In turn forwards and backwards, so that no side always comes behind the same one.
    for (let round = 0; round < this.#size.rounds; round++) {
      for (const side of round % 2 ? sides.toReversed() : sides) await side();
    }
    // A goal of its own is of adds.
    return KINDS.map((kind) => rowOf(kind, slices, kind === "add" ? most : undefined));
  }

  #sampled(): Promise<Samples> {
    return sampled(this.#port, this.#size.sliceSeconds, PER_SECOND);
  }

  /** The first second is not sampled: it is for what has to come up. */
  async #while(what: "slice" | "control"): Promise<Samples> {
    const ended = this.#obeyed({ do: what, name: this.#name });
    ended.catch(() => {});
    await sleep(1000);
    const samples = await this.#sampled();
    this.#tell({ do: "end" });
    await ended;
    return samples;
  }

  /** What the disturbance says, and how long the victim's slowest add took meanwhile. */
  async #facts(): Promise<Fact[]> {
    const told = this.#obeyed({ do: "facts", name: this.#name });
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    told.then(over, over);
    const slowest = await slowestAdd(
      () => this.#port,
      PER_SECOND,
      () => isOver,
    );
    const { facts = [] } = await told;
    return [...facts, { what: "the victim's slowest add meanwhile", value: slowest, unit: "ms" }];
  }

  async #restart(): Promise<void> {
    this.#server = await this.#server.restart();
    this.#tell({ do: "restarted", port: this.#port });
  }

  async #obeyed(order: Order): Promise<{ facts?: Fact[] }> {
    const answer = heard(this.#generator);
    this.#tell(order);
    const report = await answer;
    if ("failed" in report) throw new Error(`${this.#name}: ${report.failed}`);
    return "done" in report ? report : {};
  }

  #tell(order: Order): void {
    this.#generator.send(order);
  }
}

class Watched {
  readonly #look: () => number;
  readonly #before: number;
  readonly #timer: NodeJS.Timeout;
  #peak: number;

  constructor(look: () => number) {
    this.#look = look;
    this.#before = look();
    this.#peak = this.#before;
    this.#timer = setInterval(() => this.#see(), MEMORY_EVERY_MS);
  }

  end(): Memory {
    clearInterval(this.#timer);
    return { before: this.#before, peak: this.#peak, after: this.#look() };
  }

  // While it is started anew there is none to look at.
  #see(): void {
    try {
      this.#peak = Math.max(this.#peak, this.#look());
    } catch {}
  }
}

async function heard(generator: ChildProcess): Promise<Report> {
  for (;;) {
    const [report] = (await once(generator, "message")) as [Report];
    if (!("restart" in report)) return report;
  }
}
