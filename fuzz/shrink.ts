// Makes a request that was answered wrongly smaller, as long as it is answered as wrongly.
import { type Campaign, newTally, sendOne } from "./campaign.ts";
import { faultsOf } from "./checks.ts";
import { Connection } from "./connection.ts";
import type { FuzzRequest } from "./requests.ts";

const MAX_TRIES = 150;
const NEEDED = ["Host", "X-Fuzz"];

export async function shrunk(
  campaign: Campaign,
  request: FuzzRequest,
  fault: string,
): Promise<FuzzRequest> {
  const connection = new Connection(campaign.url);
  const own = { ...campaign, tally: newTally() };
  let smallest = request;
  let tries = 0;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smaller(smallest)) {
      if (++tries > MAX_TRIES) break;
      const outcome = await sendOne(own, connection, candidate);
      if (!faultsOf(candidate, outcome).includes(fault)) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  connection.close();
  return smallest;
}

/** Requests with one thing less. */
export function* smaller(request: FuzzRequest): Generator<FuzzRequest> {
  const { headers, target, body, wire } = request;
  if (wire) return;
  const query = target.indexOf("?");
  if (query !== -1) yield { ...request, target: target.slice(0, query) };
  if (body !== undefined) yield { ...request, body: undefined };
  for (const [index, [name]] of headers.entries()) {
    if (!NEEDED.includes(name)) yield { ...request, headers: headers.toSpliced(index, 1) };
  }
  if (body === undefined) return;
  for (const less of lessOf(body)) yield { ...request, body: less };
}

function* lessOf(body: Buffer): Generator<Buffer> {
  const value = jsonIn(body);
  if (typeof value === "object" && value !== null) {
    for (const less of withoutOne(value)) yield Buffer.from(JSON.stringify(less));
    return;
  }
  if (body.length < 2) return;
  const half = body.length >> 1;
  yield body.subarray(0, half);
  yield body.subarray(half);
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function* withoutOne(value: object): Generator<object> {
  for (const [key, inner] of Object.entries(value)) {
    const less = Array.isArray(value)
      ? value.filter((it) => it !== inner)
      : Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
    yield less;
    if (typeof inner !== "object" || inner === null) continue;
    for (const one of withoutOne(inner)) {
      const copy = Array.isArray(value) ? [...value] : { ...value };
      yield Object.assign(copy, { [key]: one });
    }
  }
}
