// Loading and error state of a page.
import type { ApiError } from "../api.ts";
import { HOME } from "../route.ts";

export function Loading({ what }: { what: string }) {
  return (
    <p class="loading" role="status">
      Asking for {what} …
    </p>
  );
}

export function Refused({ error }: { error: ApiError }) {
  return (
    <section class="empty">
      <h1>{error.status === 404 ? "There is no such thing" : "That did not work"}</h1>
      <p>{error.message}</p>
      <p>
        <a href={HOME}>All queues</a>
      </p>
    </section>
  );
}
