// The state and the history of a queue of several shards. Each says what it has, which is put together.
import type { HistorySpan, QueueHistory } from "../../core/metrics/history.ts";
import { mergedHistory } from "../../core/metrics/merged-history.ts";
import { mergedView } from "../../core/metrics/merged-view.ts";
import {
  type AtRest,
  holdsUntil,
  numbersHoldUntil,
  type QueueReport,
  type ReportReader,
} from "../../core/metrics/queue-report.ts";
import type { QueueView } from "../../core/metrics/queue-view.ts";
import { sumOfTotals } from "../../core/metrics/totals.ts";
import type { ShardLook } from "../shard-part.ts";
import type { Routes } from "./routes.ts";

export async function describeShards(routes: Routes): Promise<QueueView> {
  return viewOf(await routes.all("look", "15m", Number.MAX_SAFE_INTEGER));
}

export async function historyOfShards(routes: Routes, span: HistorySpan): Promise<QueueHistory> {
  return historyOf(await routes.all("look", span, 0));
}

/** Each shard tells the directory, where that reads it, of its next change. */
export async function reportOfShards(
  routes: Routes,
  since: number,
  reader?: ReportReader,
): Promise<QueueReport> {
  const looks = await routes.all("look", "15m", since, reader);
  const view = viewOf(looks);
  const atRest = allAtRest(looks.map((look) => look.atRest));
  const totals = looks.flatMap((look) => look.totals ?? []);
  const isLate = looks.some((look) => look.isLate);
  const until = isLate ? undefined : holdsUntil(view, atRest);
  const numbersUntil = isLate ? undefined : numbersHoldUntil(view, atRest);
  return {
    ...{ now: atRest.now, view, history: historyOf(looks) },
    ...(until !== undefined && { holdsUntil: until }),
    ...{ isActive: looks.some(({ isActive }) => isActive), entry: looks[0]?.entry ?? "" },
    ...(totals.length === looks.length && { totals: sumOfTotals(totals) }),
    ...(numbersUntil !== undefined && { numbersHoldUntil: numbersUntil }),
  };
}

function viewOf(looks: readonly ShardLook[]): QueueView {
  return mergedView(looks, looks[0]?.atRest.rate);
}

function historyOf(looks: readonly ShardLook[]): QueueHistory {
  return mergedHistory(
    looks.map(({ history, view }) => ({ history, tasks: view.statistics.tasks })),
  );
}

// What is to be newer than the report is newer than what any shard has said.
function allAtRest(all: readonly AtRest[]): AtRest {
  const earliest = (field: "now" | "nextDue" | "wakesAt") =>
    Math.min(...all.map(({ [field]: at }) => at ?? Number.POSITIVE_INFINITY));
  const nextDue = earliest("nextDue");
  return {
    ...{ now: earliest("now"), rate: all[0]?.rate, wakesAt: earliest("wakesAt") },
    nextDue: Number.isFinite(nextDue) ? nextDue : undefined,
  };
}
