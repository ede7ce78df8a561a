// Limits of one key that are set while a queue runs: checked by the reader of queue.yaml's entries, so that they are
// what the file may say of a key. A Worker without that reader sets none.
import { type Answer, invalid, refuse } from "../errors.ts";
import type { KeyLimitsEntry } from "./keys-schema.ts";
import { entryOf, type QueueFile } from "./queue-config.ts";

const KEY = "limits";
const PATH = `extensions.keys.per_key.${KEY}`;

export function readKeyLimits(
  file: Pick<QueueFile, "readEntry">,
  given: unknown,
): Answer<KeyLimitsEntry> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return invalid("limits", given, 'an object such as {"rate": "5/s"}');
  }
  if (!file.readEntry) return NO_READER;
  const extensions = { keys: { per_key: { [KEY]: given } } };
  const { failure } = entryOf(file as QueueFile, { name: "q", rate: 0, extensions });
  if (!failure) return { ok: { ...given } };
  const ofKey = (text: string) => text.replaceAll(`${PATH}.`, "").replaceAll(PATH, KEY);
  const { message, details } = failure;
  const said = Array.isArray(details) ? details.map((text) => ofKey(String(text))) : details;
  return refuse(failure.code, ofKey(message), said);
}

const NO_READER = refuse(
  "INVALID_REQUEST",
  "limits: found an object, expected none: this Worker sets limits while it runs with a door api or cloudTasks, or with parts: [definitions]",
);
