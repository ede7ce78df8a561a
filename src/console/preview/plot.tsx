// A static curve in a unit square, with axis labels.

interface Props {
  label: string;
  /** x and y from 0 to 1, y upwards; each holds until the next. */
  steps: readonly (readonly [x: number, y: number])[];
  left: readonly [top: string, bottom: string];
  bottom: readonly string[];
}

const WIDTH = 600;
const HEIGHT = 160;

export function Plot({ label, steps, left, bottom }: Props) {
  const x = (share: number) => (share * WIDTH).toFixed(1);
  const y = (share: number) => ((1 - share) * HEIGHT).toFixed(1);
  const line = `M${steps.map(([a, b]) => `${x(a)} ${y(b)}`).join("L")}`;
  return (
    <div class="curve">
      <span class="curve-left" aria-hidden="true">
        {left.map((words) => (
          <span key={words}>{words}</span>
        ))}
      </span>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {[0.25, 0.5, 0.75].map((share) => (
          <path key={share} class="curve-grid" d={`M0 ${y(share)}H${WIDTH}`} />
        ))}
        <path class="curve-area" d={`${line}V${HEIGHT}H0Z`} />
        <path class="curve-line" d={line} />
      </svg>
      <span class="curve-bottom" aria-hidden="true">
        {bottom.map((words) => (
          <span key={words}>{words}</span>
        ))}
      </span>
    </div>
  );
}
