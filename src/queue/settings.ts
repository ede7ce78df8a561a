/** The variables and secrets of the Worker that its queues read. */
export interface QueueSettings {
  /** Hosts that absolute urls may name; core/hosts.ts has the grammar. */
  TASKQUEUE_ALLOW_HOSTS?: string;
}
