// A value out of a maximum, with a bar.

interface Props {
  value: number;
  /** Infinity: no maximum, no bar. */
  most: number;
  /** Accessible label of the bar. */
  label: string;
  children: preact.ComponentChildren;
}

export function Gauge({ value, most, label, children }: Props) {
  const share = most > 0 && Number.isFinite(most) ? Math.min(1, value / most) : 0;
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
