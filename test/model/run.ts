// One run: steps in some order, then time goes on until nothing is left to do.
import type { WireOutcome } from "../../src/objects/delivery/outcome.ts";
import { Reference } from "./reference.ts";
import { type Extras, type Fairness, type Started, World } from "./world.ts";

export type Step =
  | { kind: "add"; name: string; delayMs: number; fair?: Fairness }
  | { kind: "commit" | "alarm" | "crash" | "purge" }
  | { kind: "answer"; which: number; status: 200 | 400 | 500 }
  | { kind: "fault"; transactions: number }
  | { kind: "delete"; name: string }
  | { kind: "pass"; ms: number };

export async function run(steps: readonly Step[], extras: Extras = {}): Promise<void> {
  const world = new World(extras);
  const reference = new Reference(world);
  for (const step of steps) {
    await take(step, world, reference);
    reference.check();
  }
  await finish(world, reference);
}

async function take(step: Step, world: World, reference: Reference): Promise<void> {
  switch (step.kind) {
    case "add":
      return world.add(
        step.name,
        { delayMs: step.delayMs, ...step.fair },
        reference.adding(step.name, step.fair),
      );
    case "commit":
      return world.commit();
    case "alarm":
      return alarm(world, reference);
    case "crash":
      world.crash();
      return reference.crashed();
    case "purge":
      if (world.purge()) reference.purged();
      return;
    case "delete":
      if (world.delete(step.name)) reference.deleted(step.name);
      return;
    case "fault":
      world.faults = step.transactions;
      reference.mayFail = true;
      return;
    case "pass":
      // What is on its way is written within a moment.
      world.commit();
      world.now += step.ms;
      return;
    case "answer": {
      const attempt = world.attempts[step.which % Math.max(1, world.attempts.length)];
      if (attempt) await answer(attempt, step.status, world, reference);
    }
  }
}

type Status = 200 | 400 | 500;

/** Those that share its call are answered too, each otherwise. */
async function answer(
  attempt: Started,
  status: Status,
  world: World,
  reference: Reference,
): Promise<void> {
  const { call } = attempt;
  const own = call.indexOf(attempt);
  const statuses = call.map(
    (_, i) => STATUSES[(STATUSES.indexOf(status) + i - own + 3) % 3] ?? 200,
  );
  for (const [i, other] of call.entries()) reference.answered(other, statuses[i] as Status);
  await world.answer(attempt, statuses.map(outcomeOf));
}

const STATUSES: readonly Status[] = [200, 400, 500];

function outcomeOf(status: Status): WireOutcome {
  return status === 400 ? { kind: "answered", status, isFinal: true } : status;
}

async function alarm(world: World, reference: Reference): Promise<void> {
  reference.alarm();
  world.alarm();
}

/** Handlers answer from now on, and nothing fails: promise 1 says that every task ends. */
async function finish(world: World, reference: Reference): Promise<void> {
  world.faults = 0;
  for (let i = 0; i < 400; i++) {
    world.commit();
    for (let [next] = world.attempts; next; [next] = world.attempts)
      await answer(next, 200, world, reference);
    world.commit();
    reference.check();
    const at = world.nextWakeAt();
    if (at === Number.POSITIVE_INFINITY) break;
    world.now = Math.max(world.now, Math.ceil(at));
    await alarm(world, reference);
  }
  for (const [name, { state, delivered }] of reference.tasks) {
    if (state === "live") throw new Error(`promise 1: "${name}" never ended`);
    if (state === "done" && delivered === 0)
      throw new Error(`promise 1: "${name}" was not delivered`);
  }
}
