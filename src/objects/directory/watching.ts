// What a Worker without the JSON API leaves out: nobody can ask it for changes of queues.
import { Watchers, type WatchersDeps } from "./watchers.ts";

/** Makes what the directory tells its watchers by. */
export type Watching = (deps: WatchersDeps) => Watchers;

export const watching: Watching = (deps) => new Watchers(deps);
