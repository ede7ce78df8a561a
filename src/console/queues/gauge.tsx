// So many of so many, as a bar under the words.

interface Props {
  value: number;
  /** Infinity: there is no maximum, and no bar. */
  max: number;
  /** What the bar is of, for who cannot see it. */
  label: string;
  children: preact.ComponentChildren;
}

export function Gauge({ value, max, label, children }: Props) {
  const share = max > 0 && Number.isFinite(max) ? Math.min(1, value / max) : 0;
  return (
    <span class="gauge">
      <span class="gauge-words">{children}</span>
      <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={label}>
        <rect class="bar-all" width="100" height="4" />
        <rect class="bar-part" width={100 * share} height="4" />
      </svg>
    </span>
  );
}
