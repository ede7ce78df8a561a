// Whether times are shown as this place has them, or in UTC as the log and the API have them.
import { keptChoice } from "../kept.ts";
import type { Zone } from "./times.ts";

export const ZONES: readonly Zone[] = ["local", "utc"];

export const zone = keptChoice("zone", ZONES);
