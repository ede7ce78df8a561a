// What a refused request leaves behind, which has to be nothing but its entry in the audit: the files of all objects are
// compared before and after it. So is what only asks.
import type { Campaign, Finding } from "./campaign.ts";
import { sendOne } from "./campaign.ts";
import { Connection, type Outcome } from "./connection.ts";
import { bytesOf, type FuzzRequest, requestAt } from "./requests.ts";
import type { Local } from "./server.ts";

/** Sends requests one after the other, and answers how many of them were compared. */
export async function compareFiles(
  campaign: Campaign,
  server: Local,
  count: number,
): Promise<number> {
  const connection = new Connection(campaign.url);
  let compared = 0;
  for (let index = 0; index < count; index++) {
    const request = requestAt(campaign.seed, index);
    // Those have to be waited for, and are compared to nothing.
    if (request.wire || request.leavesAfter !== undefined) continue;
    const before = server.files();
    const outcome = await sendOne(campaign, connection, request);
    if (!mustLeaveNothing(request, outcome)) continue;
    compared++;
    if (differences(before, server.files()).length === 0) continue;
    const left = await leftEachTime(campaign, server, request, connection);
    if (left.length > 0) campaign.tally.findings.push(findingOf(request, outcome, left));
  }
  connection.close();
  return compared;
}

export function mustLeaveNothing({ method }: FuzzRequest, { answers, end }: Outcome): boolean {
  if (end !== "answered") return false;
  const isAsking = method === "GET" || method === "HEAD";
  return answers.every(({ status }) => status >= 400 || (isAsking && status === 200));
}

const TIMES = 4;
const QUIET_MS = 150;

// What runs by itself writes too, so a difference counts only when the same request makes the same one each time.
async function leftEachTime(
  campaign: Campaign,
  server: Local,
  request: FuzzRequest,
  connection: Connection,
): Promise<string[]> {
  let left: string[] | undefined;
  for (let i = 0; i < TIMES; i++) {
    await settled(server);
    const before = server.files();
    const outcome = await sendOne(campaign, connection, request);
    const changed = differences(before, server.files()).filter((file) => !isAudit(request, file));
    left = left?.filter((file) => changed.includes(file)) ?? changed;
    if (left.length === 0 || !mustLeaveNothing(request, outcome)) return [];
  }
  return left ?? [];
}

// An act that a queue refuses has an entry in the audit, which the directory keeps; an add and a lease are none.
function isAudit({ method, target }: FuzzRequest, file: string): boolean {
  const isAct = method !== "POST" || !/\/tasks(:(lease|ack))?(\?|$)/.test(target);
  return isAct && file.includes("-TaskDirectory/");
}

async function settled(server: Local): Promise<void> {
  for (let i = 0; i < 40; i++) {
    const before = server.files();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    if (differences(before, server.files()).length === 0) return;
  }
}

// The index of a log is written by readers too.
export function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((it) => !it.endsWith("-shm") && before.get(it) !== after.get(it));
}

function findingOf(request: FuzzRequest, { answers }: Outcome, left: string[]): Finding {
  const got = `${answers.map(({ status }) => status)}, and changed: ${left.join(", ")}`;
  return { mark: request.mark, fault: "something was stored", sent: bytesOf(request), got };
}
