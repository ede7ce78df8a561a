// `npm run try`, ways of it as tests: those that no other test goes, or all with `TRY=all`. Packages come from the registry,
// as they do for a new user.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { WAYS } from "../../try/ways.ts";
import { Workshop } from "../../try/workshop.ts";

/** Init and its template have tests of their own, and what is left out is much like one of these. */
const SOME = ["hono", "vite", "binding", "clients"];

let workshop: Workshop;

beforeAll(async () => {
  workshop = await Workshop.open(inject("tarball"));
});

afterAll(() => workshop?.close());

it.each(process.env.TRY === "all" ? Object.keys(WAYS) : SOME)(
  "%s",
  async (name) => {
    await expect(WAYS[name]?.go(workshop)).resolves.toBeUndefined();
  },
  240_000,
);
