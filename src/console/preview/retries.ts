// Computes the attempts of a task that always fails, by the queue's own back-off rules.
import { nextAttemptAt, type RetryParameters } from "../../core/task/backoff.ts";

export interface PreviewedAttempt {
  number: number;
  /** Seconds since the first attempt's start. */
  startsAt: number;
  /** Seconds between the end of the attempt before and this one; absent for the first. */
  wait?: number;
}

export interface Retries {
  attempts: PreviewedAttempt[];
  /** Seconds from the first start until retries are exhausted; absent if they continue past the list. */
  givenUpAt?: number;
}

const MAX_ATTEMPTS = 25;

/** Each attempt takes `runSeconds` and fails. */
export function previewRetries(retry: RetryParameters, runSeconds: number): Retries {
  const attempts: PreviewedAttempt[] = [{ number: 1, startsAt: 0 }];
  let start = 0;
  for (let retries = 0; ; retries++) {
    const endedAt = start + runSeconds * 1000;
    const next = nextAttemptAt({ retries, firstStartedAt: 0, endedAt }, retry);
    if (next === undefined) return { attempts, givenUpAt: endedAt / 1000 };
    if (attempts.length === MAX_ATTEMPTS) return { attempts };
    attempts.push({ number: retries + 2, startsAt: next / 1000, wait: (next - endedAt) / 1000 });
    start = next;
  }
}
