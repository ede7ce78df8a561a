// The definition of a queue: its entry in queue.yaml; else the one it was made with over the API; else, for
// a queue that was taken out of the file, the last one seen, with which it keeps its tasks and starts none.
import { changesOf } from "../../../core/config/config-changes.ts";
import { entryOf, type QueueConfig, type QueueFile } from "../../../core/config/queue-config.ts";
import { type Answer, refuse } from "../../../core/errors.ts";
import type { QueueMeta, StoredMark } from "../../../store/queue/queue-meta.ts";

/** Adds a mark to the queue's history; `by`: who did it, where nobody called. */
export type Mark = (kind: StoredMark["kind"], detail?: string, by?: "deploy") => void;

/** What `restore` goes back to. */
interface DefinitionState {
  config: QueueConfig;
  isDefined: boolean;
}

export class QueueDefinition {
  readonly #meta: QueueMeta;
  readonly #file: QueueFile;
  readonly #mark: Mark;
  /** The queue's entry in queue.yaml. */
  readonly fileEntry: QueueConfig | undefined;
  readonly #fallback: QueueConfig;
  #config: QueueConfig;
  #isDefined: boolean;

  constructor(meta: QueueMeta, file: QueueFile, name: string, mark: Mark) {
    this.#meta = meta;
    this.#file = file;
    this.#mark = mark;
    this.#fallback = { ...(file.queues.get("default") as QueueConfig), name };
    const inFile = file.queues.get(name);
    const made = inFile ? undefined : this.#made();
    this.fileEntry = inFile;
    this.#isDefined = inFile !== undefined || made !== undefined;
    this.#config = inFile ?? made ?? this.#lastSeen() ?? this.#fallback;
  }

  get config(): QueueConfig {
    return this.#config;
  }

  /** Whether the queue is in queue.yaml or was made over the API: else nothing starts. */
  get isDefined(): boolean {
    return this.#isDefined;
  }

  /** Whether the queue is defined, or was until it was taken out of queue.yaml: else it takes no tasks. */
  get exists(): boolean {
    return this.#isDefined || this.#meta.get("config") !== undefined;
  }

  /** An entry by which the queue is to be made or changed. */
  read(given: unknown): Answer<QueueConfig> {
    return entryOf(this.#file, given);
  }

  /** Inside a commit. Makes or changes the queue by an entry that was checked. */
  define(given: object, config: QueueConfig): void {
    if (this.#isDefined) this.#markChange(this.#config, config);
    this.#config = config;
    this.#isDefined = true;
    this.#meta.set("made", given);
    this.remember();
  }

  /** A queue of queue.yaml is changed and removed there alone. */
  refusalInFile(): Answer<never> | undefined {
    return this.fileEntry ? inFileRefusal(this.#config.name) : undefined;
  }

  /** Inside a commit that erases the meta values: the queue is defined nowhere any more. */
  forget(): void {
    this.#isDefined = false;
    this.#config = this.#fallback;
  }

  /** Inside a commit. Stores the definition, for a start without it; or another that is the one last seen. */
  remember(config = this.#config): void {
    this.#config = config;
    this.#meta.set("name", this.#config.name);
    this.#meta.set("config", JSON.stringify(this.#config));
  }

  /**
   * Inside a commit, on start. A deploy that changed a queue's entry resumes the queue if it was paused by
   * hand, as App Engine's does, unless the file says `resume_paused_queues: false`; whether it is one that does.
   */
  noticeDeploy(): boolean {
    const seen = this.#meta.get("config");
    const current = JSON.stringify(this.#config);
    if (!this.fileEntry || seen === undefined || seen === current) return false;
    this.#meta.set("config", current);
    this.#meta.clear("made");
    this.#markChange(JSON.parse(seen), this.#config, "deploy");
    return this.#file.resumePausedQueues && this.#meta.get("paused") === true;
  }

  /** Inside a commit. */
  resume(): void {
    this.#mark("resumed", "its configuration was deployed anew", "deploy");
    this.#meta.set("paused", false);
  }

  save(): DefinitionState {
    return { config: this.#config, isDefined: this.#isDefined };
  }

  restore({ config, isDefined }: DefinitionState): void {
    this.#config = config;
    this.#isDefined = isDefined;
  }

  #made(): QueueConfig | undefined {
    const made = this.#meta.get("made");
    if (!made) return undefined;
    // What an earlier version took and this one does not stays as it was, and so does what cannot be read any more.
    return entryOf(this.#file, made).ok ?? this.#lastSeen();
  }

  #markChange(before: QueueConfig, after: QueueConfig, by?: "deploy"): void {
    const changes = changesOf(before, after);
    if (changes) this.#mark("changed", changes, by);
  }

  #lastSeen(): QueueConfig | undefined {
    const seen = this.#meta.get("config");
    return seen === undefined ? undefined : JSON.parse(seen);
  }
}

export function inFileRefusal(name: string): Answer<never> {
  const message = `queue: "${name}" is defined in queue.yaml; change or remove it there`;
  return refuse("QUEUE_IN_FILE", message);
}

/** For a name that no queue has, or for one that was removed. */
export function unknownQueue(name: string): Answer<never> {
  return refuse("UNKNOWN_QUEUE", `queue: there is no queue "${name}"`);
}
