// `extensions.batch` of a push queue: several due tasks in one call of their handler.
import { MAX_BATCH } from "../limits.ts";
import { must, noted, number, ruled } from "./shape.ts";
import { described, key, mapping, whole } from "./value-schemas.ts";

/** Seconds. A task that waits is late: who wants more has a cron entry. */
const MAX_WAIT = 60;
const WAIT = `a number of seconds from 0 to ${MAX_WAIT}`;

export const batch = mapping(
  {
    size: described(whole(1, MAX_BATCH), "Most tasks in one call."),
    wait: key(
      ruled(
        noted(number(WAIT), { minimum: 0, maximum: MAX_WAIT }),
        must((it) => it >= 0 && it <= MAX_WAIT, WAIT),
      ),
      "How many seconds the first due task waits for others. Default 0.",
    ),
  },
  "a mapping, such as { size: 50, wait: 0.1 }",
);
