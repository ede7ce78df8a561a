// Signing in and out: a form that works without script, and a session for who shows the token.

import type { NamedToken } from "../../core/tokens.ts";
import {
  checkSameOrigin,
  type DoorSettings,
  hasToken,
  TOKENS_IN_QUERY,
  tokenBy,
  tokenInQuery,
} from "../auth.ts";
import { formOf } from "../body.ts";
import { refusalOfGuess } from "../guesses.ts";
import { errorResponse, orLater, thrownResponse } from "../respond.ts";
import { newSession, sessionCookie } from "../session.ts";
import {
  ASSET_PATHS,
  CONSOLE_PREFIX,
  isReading,
  LOGIN,
  LOGOUT,
  pageResponse,
  seeOther,
  wrongMethod,
} from "./headers.ts";
import { loginPage } from "./page.ts";

/** Anyone may send this form, so no more of it is read than a token and a path can take. */
const MAX_FORM_BYTES = 16_384;

const TOO_MANY =
  "Too many wrong tokens were tried within the last minute. The right one is taken at any time.";
const WRONG = "That is not the token this Worker is set up with.";

/** Takes what the form sends: a right token starts a session and leads on, a wrong one back to the form. */
export async function login(
  request: Request,
  settings: DoorSettings,
  now: number,
): Promise<Response> {
  try {
    return await loginBy(await formOf(request, MAX_FORM_BYTES), request, settings, now);
  } catch (error) {
    return thrownResponse(error, request);
  }
}

async function loginBy(
  form: URLSearchParams,
  request: Request,
  settings: DoorSettings,
  now: number,
): Promise<Response> {
  const then = safePath(form.get("then") ?? "", request.url);
  // Pasted, it often brings a line's end along.
  const token = (form.get("token") ?? "").trim();
  const shown = await tokenBy(token, settings);
  if (shown) return started(shown, then, request, now);
  // Where no token is set there is nothing to show: the page says who may come in.
  if (!hasToken(settings)) return seeOther(then);
  const tooMany = await refusalOfGuess(token, now);
  if (!tooMany) return askForToken(request, WRONG, then);
  return orLater(askForToken(request, TOO_MANY, then), tooMany.failure);
}

/** Ends the browser's session. */
export function logout(request: Request): Response {
  if (request.method !== "POST") return wrongMethod("POST");
  const refusal = checkSameOrigin(request);
  if (refusal) return errorResponse(refusal.failure);
  return seeOther(CONSOLE_PREFIX, sessionCookie(undefined, new URL(request.url)));
}

/** A link that carries the token: a session in its place, and the same page without it. */
export async function loginByLink(
  request: Request,
  settings: DoorSettings,
  now: number,
): Promise<Response | undefined> {
  const inQuery = isReading(request) ? tokenInQuery(request) : undefined;
  const shown = inQuery && (await tokenBy(inQuery.token, settings));
  if (!shown) return undefined;
  return started(shown, safePath(request.url, request.url), request, now);
}

/** The form, to lead to `then` afterwards; by itself to the page that was asked for. */
export function askForToken(
  request: Request,
  problem = tokenInQuery(request) && WRONG,
  then = request.url,
): Response {
  const form = { action: LOGIN, then: safePath(then, request.url), ...(problem && { problem }) };
  return pageResponse(request, loginPage(ASSET_PATHS, form), 401);
}

async function started(
  token: NamedToken,
  then: string,
  request: Request,
  now: number,
): Promise<Response> {
  const session = await newSession(token, now);
  return seeOther(then, sessionCookie(session, new URL(request.url)));
}

/** A page of the console's own to go to, without a token: the first one in place of any other. */
export function safePath(path: string, base: string): string {
  const url = URL.parse(path, base);
  if (url?.origin !== new URL(base).origin) return CONSOLE_PREFIX;
  const { pathname, searchParams } = url;
  const isPage = pathname === CONSOLE_PREFIX || pathname.startsWith(`${CONSOLE_PREFIX}/`);
  if (!isPage || pathname === LOGIN || pathname === LOGOUT) return CONSOLE_PREFIX;
  for (const name of TOKENS_IN_QUERY) searchParams.delete(name);
  return pathname + url.search;
}
