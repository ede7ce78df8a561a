// Console sessions: a cookie with the token's name and expiry, signed with the token it was given for. Stateless:
// changing the token ends all its sessions.
import { fromBase64, toBase64Url, utf8 } from "../core/bytes.ts";
import type { NamedToken } from "../core/tokens.ts";

const COOKIE = "taskqueue_session";
const LIFETIME_S = 12 * 3600;
/** What is signed begins with this, so that no signature made for something else is one of these. */
const PURPOSE = "durable-taskqueue session of a named token";

/** The value of a new session's cookie; `now` in ms since 1970. */
export async function newSession({ name, secret }: NamedToken, now: number): Promise<string> {
  const claim = `${toBase64Url(utf8(name))}.${Math.floor(now / 1000) + LIFETIME_S}`;
  const signature = await crypto.subtle.sign("HMAC", await keyOf(secret), signed(claim));
  return `${claim}.${toBase64Url(new Uint8Array(signature))}`;
}

/** Whose session this is at `now` (ms), by the tokens that there are; undefined when it does not hold. */
export async function holderOf(
  session: string,
  tokens: readonly NamedToken[],
  now: number,
): Promise<NamedToken | undefined> {
  const [, name, expires, mac] = /^([\w-]+)\.(\d{1,12})\.([\w-]+)$/.exec(session) ?? [];
  const signature = fromBase64(mac);
  if (name === undefined || !signature || Number(expires) * 1000 <= now) return undefined;
  const claim = signed(`${name}.${expires}`);
  // While its secret is being changed a name has two tokens.
  for (const token of tokens) {
    if (toBase64Url(utf8(token.name)) !== name) continue;
    const key = await keyOf(token.secret);
    if (await crypto.subtle.verify("HMAC", key, signature, claim)) return token;
  }
  return undefined;
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
