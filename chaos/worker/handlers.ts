// The handlers: each does what its task's url says, /task/<id>/<what it does>, and reports each step to the
// collector, outside this server.
import { PermanentTaskFailure, RetryLater, readTask } from "../../src/index.ts";
import { deadlineOf, type Past, type Report, stampsOf } from "../report.ts";
import { latestReading } from "./clock.ts";

export type Tell = (report: Report) => Promise<Past>;

export const SLOW_MS = 250;

/** Behaviours that are done at the first try, or at the first after a redrive. */
const GOOD = new Set(["ok", "slow", "master", "torn"]);

export async function handle(
  request: Request,
  tell: Tell,
  fanOut: (task: Awaited<ReturnType<typeof readTask>>, id: string) => Promise<unknown>,
): Promise<Response> {
  const task = await readTask(request);
  const [, , id = task.name, does = "ok"] = new URL(request.url).pathname.split("/");
  const stamps = stampsOf((name) => request.headers.get(name));
  const failedOn = request.headers.get("X-TaskQueue-Failed-Queue") ?? undefined;
  const where = { queue: task.queue, task: task.name, failedOn };
  const past = await tell({ kind: "start", id, ...where, ...stamps, ...deadlineOf(does) });
  // Once: what was cut off by a crash runs alone after it, and would keep others waiting.
  const isLate = deadlineOf(does).deadlineMs !== undefined && past.starts === 1;
  const step = { ...past, does, isLate, tries: task.retryCount, isDead: failedOn !== undefined };
  if (does === "slow") await scheduler.wait(SLOW_MS);
  if (does === "master") await fanOut(task, id);
  if (isLate) {
    const reading = latestReading;
    await hang(request.signal, (why) =>
      tell({ kind: "cut", id, why, reading: reading(), ...stamps }),
    );
    if (does === "hang") throw new Error("cut off");
    // An answer that comes so late finds that nobody waits for it, or that the task is with another attempt.
    await scheduler.wait(100 + Math.random() * 1000);
  }
  const end = endOf(step);
  await tell({ kind: "end", id, ok: end === "done", isFinal: end === "for good", ...stamps });
  return answer(end, does === "torn" && !past.mayTear ? "ok" : does);
}

interface Step extends Past {
  does: string;
  isLate: boolean;
  tries: number;
  isDead: boolean;
}

export type End = "done" | "failed" | "for good";

export function endOf({ does, isLate, tries, finals, isDead }: Step): End {
  if (does === "buried" || (does === "permanent" && !isDead)) {
    return isDead && finals > 0 ? "done" : "for good";
  }
  if (does === "mends") return finals > 0 ? "done" : "for good";
  if (isLate && does === "late-for-good") return "for good";
  return isDead || (isLate && does === "late-ok") || GOOD.has(does) || tries > 1
    ? "done"
    : "failed";
}

function answer(end: End, does: string): Response {
  if (end === "for good") throw new PermanentTaskFailure("for good");
  if (end === "done") return does === "torn" ? torn() : new Response("done");
  if (does === "later") throw new RetryLater(1);
  if (does === "error") throw new Error("as planned, when the work is done");
  return new Response("as planned", { status: 500 });
}

// The status stands once it is given, whatever becomes of the body.
function torn(): Response {
  let isBegun = false;
  const body = new ReadableStream({
    pull: (controller) => {
      if (isBegun) controller.error(new Error("as planned, in the middle of the answer"));
      else controller.enqueue(new TextEncoder().encode("half"));
      isBegun = true;
    },
  });
  return new Response(body);
}

/** Until the signal aborts, which is told. */
async function hang(signal: AbortSignal, told: (why: string) => Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve());
  if (!signal.aborted) await promise;
  await told(String(signal.reason));
}
