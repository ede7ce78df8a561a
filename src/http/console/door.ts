// The door of the console.
import { type Door, isUnder } from "../door.ts";
import { CONSOLE_PREFIX } from "./headers.ts";
import { answerConsole } from "./router.ts";

/** The console under `/_ah/console`. Its page calls the JSON API. */
export const console: Door = {
  isFor: (_, path) => isUnder(path, CONSOLE_PREFIX),
  answer: (request, path, { settings, now }) => answerConsole(request, path, settings, now),
};
