import type { Disturbance } from "../disturbance.ts";
import { ANSWERS } from "./answers.ts";
import { DEAD_TARGETS } from "./dead-targets.ts";
import { FLOOD_OF_BATCHES, FLOOD_OF_SINGLES } from "./flood.ts";
import { GROUP_CANCELLED } from "./group.ts";
import { HANGING } from "./hanging.ts";
import { MILLION } from "./million.ts";
import { POLLS } from "./polls.ts";
import { QUEUES } from "./queues.ts";
import { SLOW_CLIENTS } from "./slow-clients.ts";
import { STORM } from "./storm.ts";
import { WATCHERS } from "./watchers.ts";

/** By the names of `--only`. */
export const DISTURBANCES: Readonly<Record<string, Disturbance>> = {
  singles: FLOOD_OF_SINGLES,
  batches: FLOOD_OF_BATCHES,
  hanging: HANGING,
  answers: ANSWERS,
  dead: DEAD_TARGETS,
  storm: STORM,
  "slow-clients": SLOW_CLIENTS,
  group: GROUP_CANCELLED,
  polls: POLLS,
  watchers: WATCHERS,
  queues: QUEUES,
  million: MILLION,
};
