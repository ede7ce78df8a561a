// Job: sends messages of alerts until they have arrived, those of one alert in their order. What a crash cuts off is sent
// again, under the same id.
import type { AlertReceiver } from "../../../core/alerts/alert.ts";
import { GIVE_UP_MS, resendWait } from "../../../core/alerts/message.ts";
import type { AlertMessageRow, AlertRows } from "../../../store/queue/alert-rows.ts";
import { AlarmJob, type JobRun } from "../../alarm-job.ts";
import { writeLine } from "../../log.ts";
import type { AlertsDeps } from "./deps.ts";

type SendDeps = Pick<AlertsDeps, "addTo" | "post">;

export interface SenderDeps extends Pick<AlertsDeps, "queue" | "arm">, SendDeps {
  rows: AlertRows;
}

/** What came of sending one. */
export interface Sent {
  sent: boolean;
  status?: number;
  error?: string;
}

const RETRY_MS = 2_000;

export class AlertSender extends AlarmJob {
  readonly #deps: SenderDeps;

  constructor(deps: SenderDeps) {
    super({
      name: "sending alerts",
      now: () => deps.queue.now(),
      pendingAt: () => this.#pendingAt(),
      run: (run) => this.#send(run),
      ended: deps.arm,
      retryMs: RETRY_MS,
    });
    this.#deps = deps;
  }

  #pendingAt(): number | undefined {
    const times = this.#deps.rows.firsts().map(({ nextAt }) => nextAt);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  async #send(run: JobRun): Promise<void> {
    const now = this.#deps.queue.now();
    const due = this.#deps.rows.firsts().filter(({ nextAt }) => nextAt <= now);
    await Promise.all(due.map((message) => this.#sendOne(message, run)));
  }

  async #sendOne(message: AlertMessageRow, run: JobRun): Promise<void> {
    const result = await sendAlert(this.#deps, message);
    // Another run may have sent it meanwhile: then it is another's to write.
    if (!run.isCurrent) return;
    this.#deps.queue.commit.run(() =>
      result.sent ? this.#arrived(message) : this.#failed(message, result.error ?? "not sent"),
    );
  }

  /** Inside a commit. */
  #arrived({ row, alert, event }: AlertMessageRow): void {
    const { queue, rows } = this.#deps;
    rows.removeMessage(row);
    const standing = rows.standings().get(alert);
    if (standing) rows.put(alert, { ...standing, sent: { event, at: queue.now() } });
  }

  /** Inside a commit. */
  #failed({ row, tries, id, alert, madeAt }: AlertMessageRow, error: string): void {
    const { queue, rows } = this.#deps;
    const at = queue.now();
    const nextAt = at + resendWait(tries + 1);
    const isGivenUp = nextAt > madeAt + GIVE_UP_MS;
    if (isGivenUp) rows.removeMessage(row);
    else rows.failed(row, { at, error, nextAt });
    const what = isGivenUp ? "was given up" : "did not arrive and is sent again";
    const line = `the message ${id} of the alert "${alert}" of "${queue.name}" ${what}: ${error}`;
    const fields = { queue: queue.name, alert, message: id, error };
    const level = isGivenUp ? "error" : "warn";
    queue.commit.after(() => writeLine(level, "alert_not_sent", line, fields));
  }
}

/** Tries once. */
export async function sendAlert(
  { addTo, post }: SendDeps,
  { id, body, to }: { id: string; body: string; to: AlertReceiver },
): Promise<Sent> {
  try {
    if ("queue" in to) {
      const error = await addTo(to.queue, id, body);
      return error === undefined ? { sent: true } : { sent: false, error };
    }
    const { status, error } = await post({ ...to, id, body });
    if (status === undefined) return { sent: false, error: error ?? "no answer" };
    const isSent = status >= 200 && status <= 299;
    return { sent: isSent, status, ...(!isSent && { error: `answered ${status}` }) };
  } catch (error) {
    return { sent: false, error: String(error) };
  }
}
