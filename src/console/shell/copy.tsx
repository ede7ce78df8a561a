// A copy-to-clipboard button.
import { acting } from "./messages.tsx";

export function CopyButton({ label, text }: { label: string; text: () => string }) {
  return (
    <button type="button" onClick={() => acting(() => copied(text()))}>
      {label}
    </button>
  );
}

async function copied(text: string): Promise<string> {
  // The clipboard API exists only on https and loopback.
  if (!navigator.clipboard) throw new Error("The browser lets pages copy over https only");
  await navigator.clipboard.writeText(text);
  return "Copied";
}
