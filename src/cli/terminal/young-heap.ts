// The memory of commands that move a million tasks. V8 doubles the space for what is new whenever much in it is still in
// use, as the lines of a call on its way always are, up to a hundred megabytes and more. Kept as small as it begins, it
// is cleared more often, which costs no time that could be measured.
import { setFlagsFromString } from "node:v8";

/** For the rest of the process. */
export function keepYoungHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
