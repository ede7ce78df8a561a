// IAM policy routes. A policy is stored with its queue and returned; it has no effect: access depends on the
// token alone.
import type { IRequest } from "itty-router";
import { toBase64, utf8 } from "../../core/bytes.ts";
import { entryOf } from "../../core/cloud-tasks/queue-entry.ts";
import { annotationIn, resourceOf, withPolicy } from "../../core/cloud-tasks/queue-resource.ts";
import { CloudTasksError, invalidArgument } from "../../core/cloud-tasks/status.ts";
import { json } from "../respond.ts";
import { type Call, jsonBody, queueOf } from "./call.ts";

interface Policy {
  version?: number;
  bindings?: unknown;
  auditConfigs?: unknown;
  etag?: string;
}

export async function getIamPolicy(request: IRequest, call: Call): Promise<Response> {
  const { extensions } = await queueOf(request, call).handle.describe();
  return json(shownPolicy(annotationIn(extensions.annotations).policy));
}

export async function setIamPolicy(request: IRequest, call: Call): Promise<Response> {
  const { name, handle } = queueOf(request, call);
  const { policy } = Object(await jsonBody(request)) as { policy?: Policy };
  if (typeof policy !== "object" || policy === null || Array.isArray(policy)) {
    throw invalidArgument("SetIamPolicyRequest.policy is required.");
  }
  const view = await handle.describe();
  const { annotations } = view.extensions;
  const { etag, ...given } = policy;
  if (etag && etag !== shownPolicy(annotationIn(annotations).policy).etag) {
    throw new CloudTasksError(
      "ABORTED",
      "There were concurrent policy changes. Please retry the whole read-modify-write.",
    );
  }
  const current = withPolicy(view, given);
  await handle.define(entryOf(resourceOf(name, view), { zeroIsUnset: false, current }));
  return json(shownPolicy(given));
}

/** Whoever came in may do all: of a queue that is not there, nothing. */
export async function testIamPermissions(request: IRequest, call: Call): Promise<Response> {
  const { handle } = queueOf(request, call);
  const { permissions } = Object(await jsonBody(request)) as { permissions?: unknown };
  if (!Array.isArray(permissions)) throw invalidArgument("permissions is required.");
  const isThere = await call.queues.exists(handle.name);
  return json(isThere ? { permissions } : {});
}

function shownPolicy(policy: Policy = {}): Policy & { etag: string } {
  return { version: 1, ...policy, etag: etagOf(JSON.stringify(policy)) };
}

/** FNV-1a, for a change to show. */
function etagOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of utf8(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return toBase64(new Uint8Array(new Int32Array([hash]).buffer));
}
