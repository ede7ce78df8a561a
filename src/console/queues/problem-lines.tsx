import { Icon } from "../format/icon.tsx";
import type { Problem } from "./problems.ts";

export function ProblemLines({ problems }: { problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  return (
    <ul class="problems">
      {problems.map(({ severity, text }) => (
        <li key={text.replace(/\d+/g, "")} class={`problem problem-${severity}`}>
          <Icon name={severity} />
          {text}
        </li>
      ))}
    </ul>
  );
}
