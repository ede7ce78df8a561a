// The console's paths: one page for all of them, and the way in and out.
import { callerOf, type DoorSettings, hasToken } from "../auth.ts";
import { orLater } from "../respond.ts";
import {
  ASSET_PATHS,
  answerAsset,
  CONSOLE_PREFIX,
  isReading,
  LOGIN,
  LOGOUT,
  pageResponse,
  seeOther,
  wrongMethod,
} from "./headers.ts";
import { askForToken, login, loginByLink, logout } from "./login.ts";
import { consolePage, refusedPage } from "./page.ts";

/** Answers a request to a path, percent-decoded, at or under `/_ah/console`; `now` in ms since 1970. */
export async function answerConsole(
  request: Request,
  pathname: string,
  settings: DoorSettings,
  now: number,
): Promise<Response> {
  const asset = answerAsset(request, pathname);
  if (asset) return asset;
  if (pathname === LOGOUT) return logout(request);
  if (pathname === LOGIN && request.method === "POST") return login(request, settings, now);
  if (!isReading(request)) return wrongMethod(pathname === LOGIN ? "GET, HEAD, POST" : "GET, HEAD");
  return (
    (await loginByLink(request, settings, now)) ?? answerPage(request, pathname, settings, now)
  );
}

async function answerPage(
  request: Request,
  pathname: string,
  settings: DoorSettings,
  now: number,
): Promise<Response> {
  const { ok: caller, failure } = await callerOf(request, settings, now);
  if (caller && pathname === LOGIN) return seeOther(CONSOLE_PREFIX);
  if (caller) {
    const { role, name, by } = caller;
    const shell = { access: role, name, hasSession: by === "session" };
    return pageResponse(request, consolePage(ASSET_PATHS, shell));
  }
  if (hasToken(settings)) return orLater(askForToken(request), failure);
  return pageResponse(
    request,
    refusedPage(ASSET_PATHS, failure.message),
    failure.code === "UNAUTHENTICATED" ? 401 : 403,
  );
}
