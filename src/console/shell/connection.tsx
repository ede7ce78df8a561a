// Connection indicator: whether the data shown is live.

import { Icon, type IconName } from "../format/icon.tsx";
import { useLiveStatus } from "../live/queues.ts";
import type { StreamStatus } from "../live/stream.ts";

const SHOWN: Record<StreamStatus, { icon: IconName; text: string; title: string }> = {
  connecting: { icon: "reconnecting", text: "Connecting", title: "Asking for the queues" },
  live: { icon: "live", text: "Live", title: "Changes show within a second" },
  reconnecting: {
    icon: "reconnecting",
    text: "Reconnecting",
    title: "The server cannot be reached; what is shown may be old. Tries again by itself",
  },
  paused: { icon: "paused", text: "Paused", title: "Stands still while nobody looks" },
  "signed-out": { icon: "bad", text: "Signed out", title: "The session has ended" },
  over: { icon: "bad", text: "Refused", title: "The server gives no live changes" },
};

export function Connection() {
  const status = useLiveStatus();
  const { icon, text, title } = SHOWN[status];
  return (
    <span class={`connection connection-${status}`} role="status" title={title}>
      <Icon name={icon} />
      {text}
    </span>
  );
}

/** Shown when the session has expired, with a button to sign in. */
export function SignedOut() {
  if (useLiveStatus() !== "signed-out") return null;
  return (
    <p class="notice">
      Your session has ended.{" "}
      <button type="button" onClick={() => location.reload()}>
        Sign in again
      </button>
    </p>
  );
}
