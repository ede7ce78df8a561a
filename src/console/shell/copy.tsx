// A button that puts text into the clipboard.
import { acting } from "./messages.tsx";

export function CopyButton({ label, text }: { label: string; text: () => string }) {
  return (
    <button type="button" onClick={() => acting(() => copied(text()))}>
      {label}
    </button>
  );
}

async function copied(text: string): Promise<string> {
  // Browsers have it for https and for loopback alone.
  if (!navigator.clipboard) throw new Error("The browser lets pages copy over https only");
  await navigator.clipboard.writeText(text);
  return "Copied";
}
