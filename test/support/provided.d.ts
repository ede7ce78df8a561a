// What test/support/outside.ts and test/e2e/packed.ts provide to tests.
import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the server outside listens. */
    outside: string;
    /** The tarball of this package. */
    tarball: string;
    /** What is in it, as a folder. */
    unpacked: string;
  }
}
