// A button that puts text into the clipboard.
import { sayDone, sayRefused } from "./messages.tsx";

export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const copy = () =>
    navigator.clipboard.writeText(text()).then(() => sayDone("Copied"), sayRefused);
  return (
    <button type="button" onClick={copy}>
      {label}
    </button>
  );
}
