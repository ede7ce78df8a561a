import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holderOf, newSession, sessionCookie, sessionOf } from "../../../src/http/session.ts";

const NOW = Date.UTC(2030, 0, 1);
const HALF_A_DAY = 12 * 3600 * 1000;
const FULL = { name: "token", secret: "full-token", role: "admin" } as const;
const READ = { name: "anna@example.com", secret: "read-token", role: "read" } as const;
const TOKENS = [FULL, READ];

describe("a session", () => {
  it.each(TOKENS)("of $name holds for twelve hours, to the second", async (token) => {
    const session = await newSession(token, NOW);
    expect(await holderOf(session, TOKENS, NOW)).toBe(token);
    expect(await holderOf(session, TOKENS, NOW + HALF_A_DAY - 1)).toBe(token);
    expect(await holderOf(session, TOKENS, NOW + HALF_A_DAY)).toBeUndefined();
  });

  it("holds for no other token, and not when none is set", async () => {
    const session = await newSession(FULL, NOW);
    for (const tokens of [[], [{ ...FULL, secret: "other" }], [{ ...READ, secret: FULL.secret }]]) {
      expect(await holderOf(session, tokens, NOW)).toBeUndefined();
    }
    // Given for one token, it cannot be made another's, even of the same secret.
    const same = { ...READ, name: "tokem", secret: FULL.secret };
    const forged = (await newSession(same, NOW)).replace(/^\w+/, session.split(".")[0] as string);
    expect(await holderOf(forged, [FULL, same], NOW)).toBeUndefined();
  });

  it("goes by the token of its name that it was signed with, while there are two", async () => {
    const next = { ...FULL, secret: "next", role: "operate" } as const;
    const session = await newSession(next, NOW);
    expect(await holderOf(session, [FULL, next], NOW)).toBe(next);
    expect(await holderOf(session, [FULL], NOW)).toBeUndefined();
  });

  it("does not hold once any part of it was changed", async () => {
    const session = await newSession(READ, NOW);
    const place = fc.nat(session.length - 1);
    await fc.assert(
      fc.asyncProperty(place, fc.constantFrom(..."aZ09.-_"), async (at, char) => {
        const other = session.slice(0, at) + char + session.slice(at + 1);
        // The last digit of base64 has bits that no byte takes.
        fc.pre(other !== session && at < session.length - 1);
        expect(await holderOf(other, TOKENS, NOW)).toBeUndefined();
      }),
    );
  });

  it.each([
    "",
    ".",
    "dG9rZW4",
    "dG9rZW4.1",
    "dG9rZW4.99999999999.",
    "write.99999999999.aaaa",
    "dG9rZW4.-1.a",
  ])("is not %j", async (session) => {
    expect(await holderOf(session, TOKENS, NOW)).toBeUndefined();
  });
});

describe("its cookie", () => {
  it("comes back among others", async () => {
    const session = await newSession(FULL, NOW);
    const [pair] = sessionCookie(session, new URL("https://example.com/")).split(";");
    const withCookies = (Cookie: string) =>
      new Request("https://example.com/", { headers: { Cookie } });
    expect(sessionOf(withCookies(`a=1; ${pair};b=2`))).toBe(session);
    expect(sessionOf(withCookies("a=taskqueue_session=1"))).toBeUndefined();
    expect(sessionOf(new Request("https://example.com/"))).toBeUndefined();
  });

  it("is for the server alone, of this site alone, and on https for https alone", () => {
    const secure = sessionCookie("s", new URL("https://example.com/"));
    expect(secure).toBe(
      "taskqueue_session=s; Path=/_ah; Max-Age=43200; HttpOnly; SameSite=Strict; Secure",
    );
    expect(sessionCookie(undefined, new URL("http://localhost/"))).toBe(
      "taskqueue_session=; Path=/_ah; Max-Age=0; HttpOnly; SameSite=Strict",
    );
  });
});
