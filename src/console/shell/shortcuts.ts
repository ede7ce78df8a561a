// Global keyboard shortcuts, inactive while typing.
import { useEffect } from "preact/hooks";
import { go } from "../navigation.ts";
import { pathOf } from "../route.ts";

/** As shown in the help dialog. */
export const SHORTCUTS: readonly (readonly [keys: string, does: string])[] = [
  ["/", "to the filter"],
  ["j  k  ↓  ↑", "down and up a list"],
  ["Enter", "open"],
  ["x", "select"],
  ["Esc", "leave a field, close a dialog, drop the selection"],
  ["g q", "to the queues"],
  ["g c", "to cron"],
  ["?", "this help"],
];

/** Calls back for a key without modifiers, outside inputs and dialogs. */
export function useKey(handle: (event: KeyboardEvent) => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]") || isTyping(event.target)) return;
      handle(event);
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [handle]);
}

let before = "";

/** `g` and a letter open a page; `/` focuses the filter. */
export function goByKey(event: KeyboardEvent): void {
  const { key } = event;
  if (key === "/") {
    const filter = document.querySelector<HTMLInputElement>("input[type=search]");
    if (filter) event.preventDefault();
    filter?.select();
  }
  if (before === "g" && key === "q") go(pathOf({ page: "queues" }));
  if (before === "g" && key === "c") go(pathOf({ page: "cron" }));
  before = key;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
