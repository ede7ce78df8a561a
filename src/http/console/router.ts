// The console's files: one page for all of its paths, and what that page loads.
import { CONSOLE_ASSETS } from "./assets.ts";
import { consolePage } from "./page.ts";

export const CONSOLE_PREFIX = "/_ah/console";

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

const HEADERS = {
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

/** What a page under `/_ah/console` may do: look, or act as well. */
export type Access = "read" | "write";

/** A file of the console's, for anybody: there is nothing in it but code. */
export function answerAsset(pathname: string): Response | undefined {
  if (!pathname.startsWith(ASSETS)) return undefined;
  const asset = CONSOLE_ASSETS.find(({ name }) => name === pathname.slice(ASSETS.length));
  if (!asset) return new Response("no such file\n", { status: 404, headers: HEADERS });
  return new Response(asset.body, {
    headers: {
      ...HEADERS,
      "Content-Type": asset.type,
      "Cache-Control": "public, max-age=31536000, immutable",
    },
  });
}

/** The page itself, whichever of the console's views its path names. */
export function answerConsolePage(access: Access): Response {
  const assets = CONSOLE_ASSETS.map(({ name }) => ASSETS + name);
  return new Response(consolePage(assets, access), {
    headers: {
      ...HEADERS,
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
    },
  });
}
