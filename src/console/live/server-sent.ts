// Server-sent events out of a response's body. Read by fetch rather than by EventSource, which tells neither
// a refusal's status nor the heartbeats by which a connection that has silently gone is noticed.

export interface ServerSentEvent {
  event: string;
  data: string;
}

/** `onChunk` is called for whatever comes, heartbeats too. Ends with the body; throws as that does. */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  onChunk: () => void = () => {},
): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onChunk();
    text += decoder.decode(value, { stream: true });
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = eventOf(block);
      if (event) yield event;
    }
  }
}

function eventOf(block: string): ServerSentEvent | undefined {
  const lines = block.split(/\r?\n/);
  const data = valuesOf(lines, "data");
  if (data.length === 0) return undefined;
  return { event: valuesOf(lines, "event").at(-1) ?? "message", data: data.join("\n") };
}

function valuesOf(lines: readonly string[], field: string): string[] {
  const begin = `${field}:`;
  return lines
    .filter((line) => line.startsWith(begin))
    .map((line) => line.slice(begin.length).replace(/^ /, ""));
}
