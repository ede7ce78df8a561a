// Whether times are shown as this place has them, or in UTC as the log and the API have them.
import { preference } from "../preferences.ts";
import type { Zone } from "./times.ts";

export const ZONES: readonly Zone[] = ["local", "utc"];

export const zone = preference("zone", ZONES);
