// Sets the limits of one key, or makes them the queue's own again.
import { useState } from "preact/hooks";
import type { KeyView } from "../../core/metrics/key-view.ts";
import { keyPath, put, remove } from "../api.ts";
import { Dialog } from "../shell/dialog.tsx";
import { sayDone } from "../shell/messages.tsx";
import { entryOf, formOf, hintsOf, LIMITS, limitsText } from "./keys.ts";

interface Props {
  queue: string;
  view: KeyView;
  onDone: () => void;
  onClose: () => void;
}

export function KeyLimitsDialog({ queue, view, onDone, onClose }: Props) {
  const { key, limits, set } = view;
  const hints = hintsOf(view);
  const [form, setForm] = useState(() => formOf(set));
  const [wrong, setWrong] = useState("");
  const [isBusy, setBusy] = useState(false);
  const path = keyPath(queue, key);
  const act = async (work: () => Promise<unknown>, said: string) => {
    setBusy(true);
    try {
      await work();
      sayDone(said);
      onDone();
      onClose();
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void act(() => put(path, entryOf(form)), `${key} has limits of its own`);
  };
  return (
    <Dialog title={`Limit ${key}`} onClose={onClose}>
      <form onSubmit={submit}>
        <p>
          Holds at once, and until it is reset. What is left empty is as queue.yaml says. Now:{" "}
          {limitsText(limits)}.
        </p>
        <div class="fields">
          {LIMITS.map(([field, label]) => (
            <label class="field" key={field}>
              <span>{label}</span>
              <input
                value={form[field]}
                placeholder={hints[field]}
                autocomplete="off"
                spellcheck={false}
                onInput={(event) => setForm({ ...form, [field]: event.currentTarget.value })}
              />
            </label>
          ))}
        </div>
        {wrong && (
          <p class="notice" role="alert">
            {wrong}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          {set && (
            <button
              type="button"
              disabled={isBusy}
              onClick={() => act(() => remove(path), `${key} has the queue's limits`)}
            >
              Reset
            </button>
          )}
          <button type="submit" class="primary" disabled={isBusy}>
            Set
          </button>
        </div>
      </form>
    </Dialog>
  );
}
