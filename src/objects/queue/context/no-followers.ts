// What a queue answers that nobody can follow.
import { refuse } from "../../../core/errors.ts";

export const NO_FOLLOWERS = refuse(
  "INVALID_REQUEST",
  "queue: found no way to follow it in this Worker, expected doors: [api]",
);
