// The handler of tasks that share a call, as one in any language would be.
import type { Report } from "../report.ts";
import { stampsOf } from "../report.ts";
import { attemptIn, TOGETHER, type Together } from "../together.ts";
import { type End, endOf, SLOW_MS, type Tell } from "./handlers.ts";

interface Entry {
  name: string;
  retryCount: number;
  payload: Together;
}

interface Ended extends Entry {
  end: End;
  told: Pick<Extract<Report, { kind: "end" }>, "id" | "attempt">;
}

export async function handleTogether(request: Request, tell: Tell): Promise<Response> {
  const { tasks } = (await request.json()) as { tasks: Entry[] };
  const stamps = stampsOf((name) => request.headers.get(name));
  const ended = await Promise.all(
    tasks.map(async (task): Promise<Ended> => {
      const { name, retryCount: tries, payload } = task;
      const { id, does } = payload;
      const told = { id, ...stamps, attempt: attemptIn(stamps.attempt, name) };
      const past = await tell({ kind: "start", queue: TOGETHER, task: name, ...told });
      if (does === "slow") await scheduler.wait(SLOW_MS);
      return { ...task, told, end: endOf({ ...past, does, isLate: false, tries, isDead: false }) };
    }),
  );
  const isBroken = ended.some(({ end, payload }) => end === "failed" && payload.does === "error");
  // At once: the answer for all of them comes when the last is told.
  await Promise.all(
    ended.map(({ end, told }) => tell({ kind: "end", ok: !isBroken && end === "done", ...told })),
  );
  if (isBroken) throw new Error("as planned, when the work is done");
  return Response.json({ results: ended.flatMap(resultsOf) });
}

function resultsOf({ name, end, payload: { does } }: Ended): object[] {
  if (end === "done") return [{ name, status: 200 }];
  if (does === "unsaid") return [];
  return [{ name, status: 500, ...(does === "later" ? { retryAfter: 1 } : {}) }];
}
