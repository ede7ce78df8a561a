// Who may come in. With a token set, its holder; with none, only requests to a loopback host, so that a
// first run needs no setting and a deployed queue is never open.
import { type Refusal, refuse } from "../core/errors.ts";

/** The secrets the doors read. */
export interface DoorSettings {
  TASKQUEUE_TOKEN?: string;
  TASKQUEUE_READ_TOKEN?: string;
  /** `project/location` whose queues are those of queue.yaml; every other has queues of its own. */
  TASKQUEUE_PROJECT?: string;
}

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

/** Nothing when the request may pass; the refusal says what is missing. */
export async function checkAccess(
  request: Request,
  settings: DoorSettings,
): Promise<Refusal | undefined> {
  const { TASKQUEUE_TOKEN: token, TASKQUEUE_READ_TOKEN: readToken } = settings;
  if (!token) return checkLoopback(request);
  const given = tokenOf(request);
  if (given === undefined) {
    return refuse(
      "UNAUTHENTICATED",
      "expected the token, as Authorization: Bearer <TASKQUEUE_TOKEN>",
    );
  }
  if (await isSame(given, token)) return undefined;
  if (!readToken || !(await isSame(given, readToken))) {
    return refuse("UNAUTHENTICATED", "the token is not the one set as TASKQUEUE_TOKEN");
  }
  if (READING.has(request.method)) return undefined;
  return refuse("PERMISSION_DENIED", "TASKQUEUE_READ_TOKEN may read but change nothing");
}

function checkLoopback(request: Request): Refusal | undefined {
  const { hostname, origin } = new URL(request.url);
  if (!/^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) {
    const hint =
      "no token is set, so only loopback hosts are served; set the secret TASKQUEUE_TOKEN";
    return refuse("UNAUTHENTICATED", `${hint} (npx wrangler secret put TASKQUEUE_TOKEN)`);
  }
  // A web page somewhere else can make a browser on this machine send requests here.
  const from = request.headers.get("Origin");
  if (from === null || from === origin) return undefined;
  return refuse("PERMISSION_DENIED", `Origin: found "${from}", expected none or ${origin}`);
}

function tokenOf(request: Request): string | undefined {
  const bearer = /^Bearer\s+(.+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
  const { searchParams } = new URL(request.url);
  const inQuery = searchParams.get("key") ?? searchParams.get("access_token");
  return bearer ?? request.headers.get("x-goog-api-key") ?? inQuery ?? undefined;
}

// Compared by digest, so that neither length nor content shows in the time it takes.
async function isSame(given: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([digest(given), digest(expected)]);
  return crypto.subtle.timingSafeEqual(a, b);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
