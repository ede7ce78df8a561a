// Names of queues. One that is made while running may lie in a namespace, `acme/us-central1/mail`: a queue
// of its own, which its handlers know by what stands behind the last slash.

const IN_NAMESPACE = /^((?:[A-Za-z0-9:.-]+\/)+)([^/]*)$/;

/** The namespace with its slash, "" when there is none, and the name in it. */
export function splitQueueName(name: string): { namespace: string; short: string } {
  const [, namespace = "", short = name] = IN_NAMESPACE.exec(name) ?? [];
  return { namespace, short };
}

export function shortQueueName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
