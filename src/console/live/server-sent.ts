// Parses server-sent events from a response body. Uses fetch because EventSource exposes neither
// an error's status nor the heartbeats needed to detect a dead connection.

export interface ServerSentEvent {
  event: string;
  data: string;
}

/** Calls `heard` for all data, including heartbeats. Returns at the end of the body, and throws its errors. */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  heard: () => void = () => {},
): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
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
