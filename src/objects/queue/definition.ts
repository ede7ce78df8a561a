// The entry a queue goes by: queue.yaml's; else one that was made over the API; else, for a queue that was
// taken out of the file, the last one seen, by which it keeps its tasks and starts none.
import { changesOf } from "../../core/config/config-changes.ts";
import {
  parseQueueEntry,
  type QueueConfig,
  type QueueFile,
} from "../../core/config/queue-config.ts";
import { type Answer, refuse } from "../../core/errors.ts";
import type { Meta, StoredMark } from "../../store/meta.ts";

/** Remembers what was done to the queue. */
export type Mark = (kind: StoredMark["kind"], detail?: string) => void;

export class Entry {
  readonly #meta: Meta;
  readonly #mark: Mark;
  readonly #isInFile: boolean;
  #config: QueueConfig;
  #isDefined: boolean;

  constructor(meta: Meta, file: QueueFile, name: string, mark: Mark) {
    this.#meta = meta;
    this.#mark = mark;
    const inFile = file.queues.get(name);
    const made = inFile ? undefined : this.#made();
    this.#isInFile = inFile !== undefined;
    this.#isDefined = inFile !== undefined || made !== undefined;
    this.#config = inFile ?? made ?? this.#lastSeen(name, file);
    if (inFile) this.#noticeChange(inFile, file.resumePausedQueues);
  }

  get config(): QueueConfig {
    return this.#config;
  }

  /** Whether the queue stands in queue.yaml or was made over the API: else nothing starts. */
  get isDefined(): boolean {
    return this.#isDefined;
  }

  /** Makes or changes a queue by a queue.yaml entry; one that stands in the file is left alone. */
  define(given: unknown): Answer<QueueConfig> {
    if (this.#isInFile) return inFileRefusal(this.#config.name);
    const answer = parseQueueEntry(given);
    if (answer.failure) return answer;
    if (this.#isDefined) this.#markChange(this.#config, answer.ok);
    this.#config = answer.ok;
    this.#isDefined = true;
    this.#meta.set("made", given as object);
    this.remember();
    return answer;
  }

  /** The queue is to be removed: from now on it is defined nowhere. */
  remove(): Answer<true> {
    if (this.#isInFile) return inFileRefusal(this.#config.name);
    this.#isDefined = false;
    return { ok: true };
  }

  /** Writes down what the queue goes by, for a start without it. */
  remember(): void {
    this.#meta.set("name", this.#config.name);
    this.#meta.set("config", JSON.stringify(this.#config));
  }

  #made(): QueueConfig | undefined {
    const made = this.#meta.get("made");
    return made && parseQueueEntry(made).ok;
  }

  // A deploy that changed a queue's entry resumes it when it was paused by hand, as App Engine's does,
  // unless the file says `resume_paused_queues: false`.
  #noticeChange(config: QueueConfig, resumes: boolean): void {
    const seen = this.#meta.get("config");
    const current = JSON.stringify(config);
    if (seen === undefined || seen === current) return;
    this.#meta.set("config", current);
    this.#meta.clear("made");
    this.#markChange(JSON.parse(seen), config);
    if (!resumes) return;
    if (this.#meta.get("paused")) this.#mark("resumed", "its configuration was deployed anew");
    this.#meta.set("paused", false);
  }

  #markChange(before: QueueConfig, after: QueueConfig): void {
    const changes = changesOf(before, after);
    if (changes) this.#mark("changed", changes);
  }

  #lastSeen(name: string, file: QueueFile): QueueConfig {
    const seen = this.#meta.get("config");
    const fallback = file.queues.get("default") as QueueConfig;
    return seen === undefined ? { ...fallback, name } : JSON.parse(seen);
  }
}

export function inFileRefusal(name: string): Answer<never> {
  const message = `queue: "${name}" stands in queue.yaml, which is where it is changed and taken out`;
  return refuse("QUEUE_IN_FILE", message);
}
