// Fetches from the API and refetches whenever a dependency changes.
import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError, get } from "./api.ts";

export interface FetchResult<T> {
  /** The last response; it stays while the next request is pending. */
  value: T | undefined;
  error: ApiError | undefined;
  /** Refetches. */
  again: () => void;
}

interface StoredResult<T> {
  path: string;
  value?: T | undefined;
  error?: ApiError | undefined;
}

/** Fetches `path`, again whenever `tick` changes; a response for another path is never returned. */
export function useFetch<T>(path: string | undefined, tick: unknown = 0): FetchResult<T> {
  const [result, setResult] = useState<StoredResult<T>>({ path: "" });
  const [refetches, setRefetches] = useState(0);
  // A change of tick or refetches triggers a refetch.
  useEffect(() => {
    if (path === undefined) return;
    const current = new AbortController();
    get<T>(path, current.signal).then(
      (value) => setResult({ path, value }),
      (error: unknown) => {
        // An unreachable server says nothing about the resource: the last value stays.
        if (error instanceof ApiError) setResult({ path, error });
      },
    );
    return () => current.abort();
  }, [path, tick, refetches]);
  const again = useCallback(() => setRefetches((n) => n + 1), []);
  const isCurrent = result.path === path;
  return {
    value: isCurrent ? result.value : undefined,
    error: isCurrent ? result.error : undefined,
    again,
  };
}
