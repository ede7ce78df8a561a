// What others wrote, as text and nothing else. It may be long: it scrolls within itself, by keys too.

export function Payload({ text }: { text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached without a mouse
    <pre class="payload" tabIndex={0}>
      {text}
    </pre>
  );
}
