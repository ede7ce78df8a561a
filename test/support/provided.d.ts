// What test/support/outside.ts provides to tests.
import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the server outside listens. */
    outside: string;
  }
}
