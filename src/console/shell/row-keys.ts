// Keyboard navigation in lists: the row's link has the focus, so that Enter opens it and screen readers read it.

const STEPS: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

export function goThroughRows(event: KeyboardEvent): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  if (event.key === "x") rows[at]?.querySelector<HTMLElement>("input")?.click();
  const step = STEPS[event.key];
  // Arrow keys scroll the page unless the focus is in the list.
  if (step === undefined || (at === -1 && event.key.startsWith("Arrow"))) return;
  event.preventDefault();
  const next = Math.max(0, Math.min(rows.length - 1, at + step));
  rows[next]?.querySelector("a")?.focus();
}
