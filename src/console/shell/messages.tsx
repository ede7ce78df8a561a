// Success and error messages of actions, announced by screen readers.

import { Icon } from "../format/icon.tsx";
import { Observable, useObservable } from "../observable.ts";

interface Message {
  id: number;
  kind: "done" | "refused";
  text: string;
}

const DONE_SHOWN_MS = 6000;
const MAX_MESSAGES = 4;

const messages = new Observable<readonly Message[]>([]);
let lastId = 0;

export function sayDone(text: string): void {
  const id = put("done", text);
  setTimeout(() => dismiss(id), DONE_SHOWN_MS);
}

/** Stays until it is dismissed. */
export function sayRefused(error: unknown): void {
  put("refused", error instanceof Error ? error.message : String(error));
}

/** Runs an action and shows its success or error; returns whether it succeeded. */
export async function acting(work: () => Promise<string>): Promise<boolean> {
  try {
    sayDone(await work());
    return true;
  } catch (error) {
    sayRefused(error);
    return false;
  }
}

function put(kind: Message["kind"], text: string): number {
  lastId++;
  messages.set([...messages.value, { id: lastId, kind, text }].slice(-MAX_MESSAGES));
  return lastId;
}

function dismiss(id: number): void {
  messages.set(messages.value.filter((message) => message.id !== id));
}

export function Messages() {
  const shown = useObservable(messages);
  return (
    <div class="messages" role="status" aria-live="polite">
      {shown.map(({ id, kind, text }) => (
        <div key={id} class={`message message-${kind}`}>
          <Icon name={kind === "done" ? "done" : "bad"} />
          <span>{text}</span>
          <button type="button" class="bare" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
