// A caller's side of failures and redrives.
import { unwrap } from "../core/errors.ts";
import { type FailurePage, failurePage } from "../core/failures/groups.ts";
import {
  acceptRedrive,
  type NewRedrive,
  type Redrive,
  UNLIMITED,
} from "../core/failures/redrive.ts";
import type { QueueCalls } from "../objects/rpc.ts";
import { auditedLong } from "./audited.ts";
import type { CallerStubs } from "./stubs.ts";

export async function failuresOf(object: QueueCalls): Promise<FailurePage> {
  return failurePage(unwrap(await object.failures()));
}

/** Its entry in the audit says how it ended when it has. */
export async function startRedrive(
  stubs: CallerStubs,
  queue: string,
  object: () => Promise<QueueCalls>,
  given: NewRedrive,
): Promise<Redrive> {
  const accepted = unwrap(acceptRedrive(given));
  const { rate, fingerprint = "all" } = accepted;
  const name = rate === UNLIMITED ? fingerprint : `${fingerprint} at ${rate}`;
  const { who } = stubs;
  const calls = await object();
  return auditedLong(stubs, { what: "redrive", queue, name }, async (audit) => {
    const { redrive, isNew } = unwrap(await calls.startRedrive({ ...accepted, who, audit }));
    return { result: redrive, goesOn: isNew };
  });
}
