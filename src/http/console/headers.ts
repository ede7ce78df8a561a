// Where the console lies, and what all it sends has in common.
import { CONSOLE_ASSETS } from "./assets.ts";

export const CONSOLE_PREFIX = "/_ah/console";

export const LOGIN = `${CONSOLE_PREFIX}/login`;
export const LOGOUT = `${CONSOLE_PREFIX}/logout`;

const ASSETS = `${CONSOLE_PREFIX}/assets/`;

// No script but the console's own, nothing from elsewhere, and no frame around it.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

// "no-referrer" would have browsers send forms with an Origin of "null".
export const HEADERS = {
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "same-origin",
};

/** The paths of the script and the style. */
export const ASSET_PATHS: readonly string[] = CONSOLE_ASSETS.map(({ name }) => ASSETS + name);

/** A file of the console's, for anybody: there is nothing in it but code. */
export function answerAsset(request: Request, pathname: string): Response | undefined {
  if (!pathname.startsWith(ASSETS)) return undefined;
  if (!isReading(request)) return wrongMethod("GET, HEAD");
  const asset = CONSOLE_ASSETS.find(({ name }) => name === pathname.slice(ASSETS.length));
  if (!asset) return new Response("no such file\n", { status: 404, headers: HEADERS });
  return new Response(bodyFor(request, asset.body), {
    headers: {
      ...HEADERS,
      "Content-Type": asset.type,
      "Cache-Control": "public, max-age=31536000, immutable",
    },
  });
}

/** A page, which depends on who asks. */
export function pageResponse(request: Request, html: string, status = 200): Response {
  return new Response(bodyFor(request, html), {
    status,
    headers: {
      ...HEADERS,
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
    },
  });
}

/** On to another page of the console. */
export function seeOther(path: string, cookie?: string): Response {
  const headers = { ...HEADERS, Location: path, "Cache-Control": "no-store" };
  return new Response(null, {
    status: 303,
    headers: cookie === undefined ? headers : { ...headers, "Set-Cookie": cookie },
  });
}

export function wrongMethod(allowed: string): Response {
  return new Response(`expected ${allowed}\n`, {
    status: 405,
    headers: { ...HEADERS, Allow: allowed },
  });
}

export function isReading({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

function bodyFor({ method }: Request, body: string): string | null {
  return method === "HEAD" ? null : body;
}
