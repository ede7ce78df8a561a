// A GET of the API, repeated whenever something changed.
import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError, get } from "./api.ts";

export interface FetchState<T> {
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
export function useFetch<T>(path: string | undefined, tick: unknown = 0): FetchState<T> {
  const [answered, setAnswered] = useState<Answered<T>>({ path: "" });
  const [count, setCount] = useState(0);
  // A new tick or count means to fetch again.
  useEffect(() => {
    if (path === undefined) return;
    const current = new AbortController();
    get<T>(path, current.signal).then(
      (value) => setAnswered({ path, value }),
      (error: unknown) => {
        // A server that cannot be reached says nothing of the resource: the last value stays.
        if (error instanceof ApiError) setAnswered({ path, error });
      },
    );
    return () => current.abort();
  }, [path, tick, count]);
  const again = useCallback(() => setCount((n) => n + 1), []);
  const isCurrent = answered.path === path;
  return {
    value: isCurrent ? answered.value : undefined,
    error: isCurrent ? answered.error : undefined,
    again,
  };
}
