// Console sessions: a cookie with access and expiry, signed with the token it was given for. Stateless:
// changing the token ends all its sessions.
import { fromBase64, toBase64Url, utf8 } from "../core/bytes.ts";

/** What a caller may do: look, or act as well. */
export type Access = "read" | "write";

/** The tokens sessions are given for; a session of one that is not set does not hold. */
export type SessionKeys = Partial<Record<Access, string | undefined>>;

const COOKIE = "taskqueue_session";
const LIFETIME_S = 12 * 3600;
/** What is signed begins with this, so that no signature made for something else is one of these. */
const PURPOSE = "durable-taskqueue console session";

/** The value of a new session's cookie; `now` in ms since 1970. */
export async function newSession(access: Access, token: string, now: number): Promise<string> {
  const claim = `${access}.${Math.floor(now / 1000) + LIFETIME_S}`;
  const signature = await crypto.subtle.sign("HMAC", await keyOf(token), signed(claim));
  return `${claim}.${toBase64Url(new Uint8Array(signature))}`;
}

/** What the holder of this session may do at `now` (ms), undefined when it does not hold. */
export async function accessOf(
  session: string,
  keys: SessionKeys,
  now: number,
): Promise<Access | undefined> {
  const [, access, expires, mac] = /^(read|write)\.(\d{1,12})\.([\w-]+)$/.exec(session) ?? [];
  const token = keys[access as Access];
  const signature = fromBase64(mac);
  if (!token || !signature || Number(expires) * 1000 <= now) return undefined;
  const key = await keyOf(token);
  const claim = signed(`${access}.${expires}`);
  return (await crypto.subtle.verify("HMAC", key, signature, claim))
    ? (access as Access)
    : undefined;
}

/** The session a request carries, if it does. */
export function sessionOf(request: Request): string | undefined {
  const cookies = (request.headers.get("Cookie") ?? "").split(/; */);
  const own = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`));
  return own?.slice(COOKIE.length + 1);
}

/** The header that gives a browser its session, or with none takes it away. */
export function sessionCookie(session: string | undefined, { protocol }: URL): string {
  const life = session === undefined ? 0 : LIFETIME_S;
  const secure = protocol === "https:" ? "; Secure" : "";
  const where = `Path=/_ah; Max-Age=${life}; HttpOnly; SameSite=Strict${secure}`;
  return `${COOKIE}=${session ?? ""}; ${where}`;
}

function keyOf(token: string): Promise<CryptoKey> {
  const hmac = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", utf8(token), hmac, false, ["sign", "verify"]);
}

function signed(claim: string): Uint8Array {
  return utf8(`${PURPOSE} ${claim}`);
}
