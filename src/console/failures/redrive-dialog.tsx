// Asks at which rate the tasks of a group, or all, are to go back on the queue.
import { useState } from "preact/hooks";
import type { Redrive } from "../../core/failures/redrive.ts";
import { post, queuePath } from "../api.ts";
import { counted } from "../format/counts.ts";
import { Dialog } from "../shell/dialog.tsx";
import { sayDone } from "../shell/messages.tsx";

/** What is to be redriven: `count` tasks of a fault, or without a fingerprint all. */
export interface Chosen {
  count: number;
  fingerprint?: string;
}

interface Props {
  queue: string;
  chosen: Chosen;
  onDone: () => void;
  onClose: () => void;
}

export function RedriveDialog({ queue, chosen: { count, fingerprint }, onDone, onClose }: Props) {
  const [rate, setRate] = useState("5/s");
  const [wrong, setWrong] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const body = { all: true, rate: rate.trim() || "none", fingerprint };
      await post<Redrive>(`${queuePath(queue)}/tasks:redrive`, body);
      sayDone(`The redrive of ${counted(count, "task")} began`);
      onDone();
      onClose();
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Redrive" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <p>
          Puts {counted(count, "task")} back on the queue as if new. It goes on by itself; what
          fails again is not taken again.
        </p>
        <div class="fields">
          <label class="field">
            <span>Rate</span>
            <input
              value={rate}
              placeholder="none"
              autocomplete="off"
              spellcheck={false}
              aria-describedby="rate-help"
              onInput={(event) => setRate(event.currentTarget.value)}
            />
          </label>
        </div>
        <p class="muted" id="rate-help">
          Such as 5/s, 100/m or 20/h; none is as fast as it goes.
        </p>
        {wrong && (
          <p class="notice" role="alert">
            {wrong}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isBusy}>
            Redrive {counted(count, "task")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
