// Redrives of a queue: those under way, which can be stopped, and the last that have ended.
import type { Redrive } from "../../core/failures/redrive.ts";
import { mayWrite } from "../access.ts";
import { post, queuePath } from "../api.ts";
import { When } from "../format/when.tsx";
import { acting } from "../shell/messages.tsx";
import { stateWords } from "./words.ts";

interface Props {
  queue: string;
  redrives: readonly Redrive[];
  again: () => void;
}

export function Redrives({ queue, redrives, again }: Props) {
  if (redrives.length === 0) return null;
  return (
    <section class="panel" aria-label="Redrives">
      <div class="panel-head">
        <h2>Redrives</h2>
      </div>
      <table class="cards lines">
        <thead>
          <tr>
            <th scope="col">Of</th>
            <th scope="col">Rate</th>
            <th scope="col">How it stands</th>
            <th scope="col">Began</th>
            <th scope="col">Ended</th>
            <th scope="col">Who</th>
            {mayWrite() && (
              <th scope="col">
                <span class="hidden">What can be done</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {redrives.map((redrive) => (
            <RedriveRow key={redrive.id} {...{ queue, redrive, again }} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

type RowProps = Pick<Props, "queue" | "again"> & { redrive: Redrive };

function RedriveRow({ queue, redrive, again }: RowProps) {
  const { fingerprint, rate, state, beganAt, endedAt, who } = redrive;
  return (
    <tr>
      <th scope="row">{fingerprint ?? "all"}</th>
      <td data-label="Rate">{rate}</td>
      <td data-label="How it stands">{stateWords(redrive)}</td>
      <td data-label="Began">
        <When at={beganAt} as="both" />
      </td>
      <td data-label="Ended">{endedAt === undefined ? "–" : <When at={endedAt} />}</td>
      <td data-label="Who">
        <bdi>{who}</bdi>
      </td>
      {mayWrite() && (
        <td class="reason">
          {state === "running" && (
            <span class="actions">
              <StopButton {...{ queue, redrive, again }} />
            </span>
          )}
        </td>
      )}
    </tr>
  );
}

/** How far it is, and a button that stops it. */
export function RunningRedrive(props: RowProps) {
  return (
    <span class="actions">
      <span>{stateWords(props.redrive)}</span>
      <StopButton {...props} />
    </span>
  );
}

function StopButton({ queue, redrive, again }: RowProps) {
  const { id, fingerprint = "all" } = redrive;
  const stop = () =>
    acting(async () => {
      await post(`${queuePath(queue)}/redrives/${id}:cancel`);
      again();
      return "The redrive was stopped";
    });
  return (
    <button type="button" aria-label={`Stop the redrive of ${fingerprint}`} onClick={stop}>
      Stop
    </button>
  );
}
