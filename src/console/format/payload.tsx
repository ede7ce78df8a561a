// Untrusted content, shown as text only, in a box that scrolls and can be focused.

export function Payload({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element has to be reachable by keyboard
    <pre class="payload" tabIndex={0}>
      {text}
    </pre>
  );
}
