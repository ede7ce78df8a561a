// What can be sent to an object: plain data, nested no deeper than JSON may be, as large as a message at most.
// A call that cannot be sent is refused by itself, before it could fail those that leave with it.
import { type Answer, cut, type Failure, type Refusal, refuse } from "../errors.ts";
import { MAX_CALL_BYTES, MAX_NESTING } from "../limits.ts";
import { refuseNesting } from "../nesting.ts";
import { refuseBatch, type TaskFailure } from "./batch.ts";

const SMALL_BYTES = 16;

/** The size of these tasks in bytes, at most; or the refusal of those that cannot be sent. */
export function checkSendable(tasks: readonly unknown[]): Answer<number> {
  const measured = measureAll(tasks, twoBytes);
  // Most text has one byte a character, which takes a look at all of it to know.
  return measured.failure?.code === "TASK_TOO_LARGE" ? measureAll(tasks, exactly) : measured;
}

type SizeOfText = (text: string) => number;

const twoBytes: SizeOfText = ({ length }) => 2 * length;
const exactly: SizeOfText = (text) => (/[^\0-\xff]/.test(text) ? 2 : 1) * text.length;

function measureAll(tasks: readonly unknown[], sizeOfText: SizeOfText): Answer<number> {
  const meter = new Meter(sizeOfText);
  const bad: TaskFailure[] = [];
  for (let index = 0; index < tasks.length && !meter.isFull; index++) {
    const failure = meter.add(tasks[index]);
    if (failure) bad.push({ index, ...failure });
  }
  const [first] = bad;
  if (first) return tasks.length === 1 ? refuse(first.code, first.message) : refuseBatch(bad);
  return meter.isFull ? tooLarge() : { ok: meter.size };
}

function tooLarge(): Refusal {
  const message = `tasks: found more than ${MAX_CALL_BYTES} bytes, expected at most ${MAX_CALL_BYTES} in one call`;
  return refuse("TASK_TOO_LARGE", message);
}

/** Why a value cannot be sent, and the way to it. */
interface Fault {
  path: string[];
  refusal: (field: string) => Refusal;
}

const PATH_SHOWN = 5;

class Meter {
  size = 0;
  readonly #sizeOfText: SizeOfText;

  constructor(sizeOfText: SizeOfText) {
    this.#sizeOfText = sizeOfText;
  }

  get isFull(): boolean {
    return this.size > MAX_CALL_BYTES;
  }

  /** Counts the task, or says why it cannot be sent. */
  add(task: unknown): Failure | undefined {
    const fault = this.#faultSafely(task);
    if (!fault) return undefined;
    const [first = "task", ...rest] = fault.path.slice(0, PATH_SHOWN);
    return fault.refusal(cut(first + rest.map((key) => `.${key}`).join(""))).failure;
  }

  // Getters and proxies are the caller's code.
  #faultSafely(task: unknown): Fault | undefined {
    try {
      return this.#fault(task, 0);
    } catch (error) {
      const why = error instanceof Error ? ` (${error.message})` : "";
      return unfit(`a value that cannot be read${why}`);
    }
  }

  #fault(value: unknown, level: number): Fault | undefined {
    this.size += SMALL_BYTES;
    if (typeof value === "string") this.size += this.#sizeOfText(value);
    else if (typeof value === "symbol" || typeof value === "function") {
      return unfit(`a ${typeof value}`);
    } else if (typeof value === "object" && value !== null) return this.#inObject(value, level + 1);
    return undefined;
  }

  #inObject(value: object, level: number): Fault | undefined {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      this.size += value.byteLength;
      return undefined;
    }
    if (value instanceof Date || this.isFull) return undefined;
    if (level > MAX_NESTING) return { path: [], refusal: refuseNesting };
    if (Array.isArray(value)) return this.#inArray(value, level);
    if (Object.getPrototypeOf(value) !== Object.prototype) return unfit(instanceOf(value));
    return this.#inFields(value as Record<string, unknown>, level);
  }

  #inArray(values: readonly unknown[], level: number): Fault | undefined {
    // Looked at first: one may be long and have nothing in it.
    if (values.length * SMALL_BYTES > MAX_CALL_BYTES) {
      this.size += values.length * SMALL_BYTES;
      return undefined;
    }
    for (let i = 0; i < values.length; i++) {
      const fault = this.#fault(values[i], level);
      if (fault) return under(`${i}`, fault);
    }
    return undefined;
  }

  #inFields(fields: Readonly<Record<string, unknown>>, level: number): Fault | undefined {
    for (const key of Object.keys(fields)) {
      this.size += this.#sizeOfText(key);
      const fault = this.#fault(fields[key], level);
      if (fault) return under(key, fault);
    }
    return undefined;
  }
}

function under(key: string, fault: Fault): Fault {
  fault.path.unshift(key);
  return fault;
}

function unfit(found: string): Fault {
  const refusal = (field: string) =>
    refuse("INVALID_REQUEST", `${field}: found ${found}, expected plain data`);
  return { path: [], refusal };
}

// The platform sends no other objects; those it would send, such as maps, have no JSON.
function instanceOf(value: object): string {
  const name = value.constructor?.name;
  return typeof name === "string" && name !== ""
    ? `an instance of ${name}`
    : "an object of no class";
}

/** Whether the platform refused to send what a call holds, so that nothing has left. */
export function isUnsent(error: unknown): boolean {
  const { name, message } = (error ?? {}) as Partial<Error>;
  return name === "DataCloneError" || /^Serialized RPC arguments/.test(message ?? "");
}

/** What a call is told that could not be sent for a reason that cannot be seen before. */
export function unsentRefusal(error: unknown): Refusal {
  const { name, message } = error as Error;
  if (name !== "DataCloneError") return refuse("TASK_TOO_LARGE", `tasks: ${message}`);
  return refuse(
    "INVALID_REQUEST",
    `task: found what cannot be sent, expected plain data (${message})`,
  );
}
