// A place on the server beside the tests that is this test file's alone: others run at the same time.
import { inject } from "vitest";

export const BOX = `${inject("outside").replace("127.0.0.1", "localhost")}/box/${crypto.randomUUID().replaceAll("-", "")}`;
