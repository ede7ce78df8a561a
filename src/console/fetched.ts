// What the API answers to a question that is asked again whenever something changed.
import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError, get } from "./api.ts";

export interface Fetched<T> {
  /** The last answer, kept while the next is under way. */
  value: T | undefined;
  error: ApiError | undefined;
  /** Asks again. */
  again: () => void;
}

interface Answered<T> {
  path: string;
  value?: T | undefined;
  error?: ApiError | undefined;
}

/** Asks for `path`, and again when `tick` is another; an answer of another path is never shown. */
export function useFetched<T>(path: string | undefined, tick: unknown = 0): Fetched<T> {
  const [answered, setAnswered] = useState<Answered<T>>({ path: "" });
  const [asked, setAsked] = useState(0);
  // Tick and asked say that it is time to ask again.
  useEffect(() => {
    if (path === undefined) return;
    const current = new AbortController();
    get<T>(path, current.signal).then(
      (value) => setAnswered({ path, value }),
      (error: unknown) => {
        // A server that cannot be reached says nothing of the thing itself: what was known stays.
        if (error instanceof ApiError) setAnswered({ path, error });
      },
    );
    return () => current.abort();
  }, [path, tick, asked]);
  const again = useCallback(() => setAsked((n) => n + 1), []);
  const isCurrent = answered.path === path;
  return {
    value: isCurrent ? answered.value : undefined,
    error: isCurrent ? answered.error : undefined,
    again,
  };
}
