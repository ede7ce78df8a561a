import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessOf, newSession, sessionCookie, sessionOf } from "../../../src/http/session.ts";

const NOW = Date.UTC(2030, 0, 1);
const HALF_A_DAY = 12 * 3600 * 1000;
const KEYS = { write: "full-token", read: "read-token" };

describe("a session", () => {
  it.each(["write", "read"] as const)(
    "of %s holds for twelve hours, to the second",
    async (access) => {
      const session = await newSession(access, KEYS[access], NOW);
      expect(await accessOf(session, KEYS, NOW)).toBe(access);
      expect(await accessOf(session, KEYS, NOW + HALF_A_DAY - 1)).toBe(access);
      expect(await accessOf(session, KEYS, NOW + HALF_A_DAY)).toBeUndefined();
    },
  );

  it("holds for no other token, and not when none is set", async () => {
    const session = await newSession("write", KEYS.write, NOW);
    for (const keys of [{}, { write: "other" }, { write: "", read: KEYS.write }]) {
      expect(await accessOf(session, keys, NOW)).toBeUndefined();
    }
    // Given for the read token, it cannot be made one that writes.
    const forged = (await newSession("read", "same", NOW)).replace("read", "write");
    expect(await accessOf(forged, { write: "same", read: "same" }, NOW)).toBeUndefined();
  });

  it("does not hold once any part of it was changed", async () => {
    const session = await newSession("read", KEYS.read, NOW);
    const place = fc.nat(session.length - 1);
    await fc.assert(
      fc.asyncProperty(place, fc.constantFrom(..."aZ09.-_"), async (at, char) => {
        const other = session.slice(0, at) + char + session.slice(at + 1);
        // The last digit of base64 has bits that no byte takes.
        fc.pre(other !== session && at < session.length - 1);
        expect(await accessOf(other, KEYS, NOW)).toBeUndefined();
      }),
    );
  });

  it.each([
    "",
    ".",
    "write",
    "write.1",
    "write.99999999999.",
    "admin.99999999999.aaaa",
    "write.-1.a",
  ])("is not %j", async (session) => {
    expect(await accessOf(session, KEYS, NOW)).toBeUndefined();
  });
});

describe("its cookie", () => {
  it("comes back among others", async () => {
    const session = await newSession("write", KEYS.write, NOW);
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
