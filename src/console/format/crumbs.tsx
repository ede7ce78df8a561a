// Breadcrumbs up to the queue list; the last one is the page's heading.
import { HOME } from "../route.ts";

interface Props {
  /** Pages above this one: their names and paths. */
  above: readonly (readonly [name: string, path: string])[];
  here: string;
}

export function Crumbs({ above, here }: Props) {
  return (
    <div class="crumbs">
      <nav aria-label="Where this page stands">
        <ol>
          <li>
            <a href={HOME}>Queues</a>
          </li>
          {above.map(([name, path]) => (
            <li key={path}>
              <a href={path}>{name}</a>
            </li>
          ))}
        </ol>
      </nav>
      <h1>{here}</h1>
    </div>
  );
}
