// Acting on many tasks: counts all that match, asks back with the number, acts, and says what became of them.
import { useEffect, useMemo, useState } from "preact/hooks";
import type { TaskPage } from "../../queue/verbs.ts";
import { get } from "../api.ts";
import { Dialog } from "../shell/dialog.tsx";
import { sayDone, sayRefused } from "../shell/messages.tsx";
import { count } from "../words/counts.ts";
import { actOnAll, type BulkProgress, namesOnPages, outcomeText } from "./bulk.ts";
import { BULK, type BulkVerb } from "./bulk-actions.ts";
import { type Filter, filterWords, listPath } from "./filter.ts";
import { TimeField } from "./time-field.tsx";

interface Props {
  queue: string;
  verb: BulkVerb;
  filter: Filter;
  /** Undefined: all that match the filter. */
  names: readonly string[] | undefined;
  /** `isDone`: something was acted on. */
  onClose: (isDone: boolean) => void;
}

const LISTED_AT_ONCE = 1000;

export function BulkDialog({ queue, verb, filter, names: chosen, onClose }: Props) {
  const { label, did, isDangerous, chunk, act } = BULK[verb];
  const [names, setNames] = useState(chosen);
  const [listed, setListed] = useState(0);
  const [progress, setProgress] = useState<BulkProgress>();
  const [time, setTime] = useState("60");
  const ending = useMemo(() => new AbortController(), []);

  useEffect(() => {
    if (chosen === undefined) {
      const page = (cursor: string | undefined) =>
        get<TaskPage>(listPath(queue, filter, LISTED_AT_ONCE, cursor), ending.signal);
      namesOnPages(page, setListed, ending.signal).then(setNames, (error) => {
        if (!ending.signal.aborted) sayRefused(error);
        onClose(false);
      });
    }
    return () => ending.abort();
  }, []);

  const go = async (event: Event) => {
    event.preventDefault();
    if (!names || progress) return;
    const told = (now: BulkProgress) => setProgress(now);
    told({ of: names.length, done: 0, missed: 0, errors: [] });
    const asked = (part: readonly string[]) => act(queue, part, time);
    const end = await actOnAll(names, chunk, asked, told, ending.signal);
    const text = outcomeText(did, end);
    if (end.errors.length > 0) sayRefused(text);
    else sayDone(text);
    onClose(true);
  };

  const close = () => {
    ending.abort();
    // What is under way ends by itself, and says so.
    if (!progress) onClose(false);
  };

  return (
    <Dialog title={label} onClose={close}>
      <form onSubmit={go}>
        <p role="status">
          {names === undefined
            ? `Counting: ${count(listed)} so far …`
            : progress
              ? `${count(progress.done + progress.missed + progress.errors.length)} of ${count(progress.of)} …`
              : `${label} ${names.length === 1 ? "this" : "these"} ${count(names.length)} ${filterWords(filter, names.length)} of queue ${queue}?`}
        </p>
        {progress && (
          <progress
            max={Math.max(1, progress.of)}
            value={progress.done + progress.missed}
            aria-label={label}
          />
        )}
        {verb === "reschedule" && !progress && <TimeField value={time} onInput={setTime} />}
        <div class="buttons">
          <button type="button" onClick={close}>
            {progress ? "Stop" : "Cancel"}
          </button>
          <button
            type="submit"
            class={isDangerous ? "danger" : "primary"}
            disabled={!names || names.length === 0 || progress !== undefined}
          >
            {names ? `${label} ${count(names.length)}` : label}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
