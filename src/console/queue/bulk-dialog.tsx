// Confirms a bulk action with the number of tasks, and shows its progress.
import { useState } from "preact/hooks";
import { count } from "../format/counts.ts";
import { Dialog } from "../shell/dialog.tsx";
import { BULK } from "./bulk-actions.ts";
import { filterWords } from "./filter.ts";
import { TimeField } from "./time-field.tsx";
import { type Bulk, type BulkAsked, useBulk } from "./use-bulk.ts";

export function BulkDialog(asked: BulkAsked) {
  const { label, isDangerous } = BULK[asked.verb];
  const bulk = useBulk(asked);
  const { names, progress } = bulk;
  const [time, setTime] = useState("60");
  const submit = (event: Event) => {
    event.preventDefault();
    void bulk.begin(time);
  };
  return (
    <Dialog title={label} onClose={bulk.stop}>
      <form onSubmit={submit}>
        <p role="status">{wordsOf(bulk, asked)}</p>
        {progress && <Bar bulk={bulk} label={label} />}
        {asked.verb === "reschedule" && !progress && <TimeField value={time} onInput={setTime} />}
        <div class="buttons">
          <button type="button" onClick={bulk.stop}>
            {progress ? "Stop" : "Cancel"}
          </button>
          <button
            type="submit"
            class={isDangerous ? "danger" : "primary"}
            disabled={!names?.length || progress !== undefined}
          >
            {names ? `${label} ${count(names.length)}` : label}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function wordsOf({ names, listed, progress }: Bulk, { queue, verb, filter }: BulkAsked): string {
  if (!names) return `Counting: ${count(listed)} so far …`;
  if (progress) return `${count(handled(progress))} of ${count(progress.of)} …`;
  const { length } = names;
  const these = length === 1 ? "this" : "these";
  const tasks = filterWords(filter, length);
  return `${BULK[verb].label} ${these} ${count(length)} ${tasks} of queue ${queue}?`;
}

function Bar({ bulk: { progress }, label }: { bulk: Bulk; label: string }) {
  if (!progress) return null;
  return <progress max={Math.max(1, progress.of)} value={handled(progress)} aria-label={label} />;
}

function handled({ done, missed, errors }: NonNullable<Bulk["progress"]>): number {
  return done + missed + errors.length;
}
