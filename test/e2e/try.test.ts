// `npm run try`, each way a test. Packages come from the registry, as they do for a new user.
import { afterAll, beforeAll, expect, it } from "vitest";
import { WAYS } from "../../try/ways.ts";
import { Workshop } from "../../try/workshop.ts";

let workshop: Workshop;

beforeAll(async () => {
  workshop = await Workshop.open();
}, 300_000);

afterAll(() => workshop?.close());

it.each(Object.keys(WAYS))(
  "%s",
  async (name) => {
    await expect(WAYS[name]?.go(workshop)).resolves.toBeUndefined();
  },
  240_000,
);
