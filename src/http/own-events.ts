// The events of all queues, for who may hear of some.
import { utf8 } from "../core/bytes.ts";
import { eventText, HEARTBEAT } from "../core/server-sent-event.ts";

type Stream = ReadableStream<Uint8Array>;

interface News {
  queues: { name: string }[];
  removed?: string[];
}

/** The same events with these queues alone; one that has none of them is a comment. */
export function ownEvents(events: Stream, has: (queue: string) => boolean): Stream {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const reader = events.getReader();
  const end = () => {
    reader.cancel().catch(() => {});
    writer.close().catch(() => {});
  };
  writer.closed.catch(end);
  void copy(reader, writer, has).then(end, end);
  return readable;
}

async function copy(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  has: (queue: string) => boolean,
): Promise<void> {
  const decoder = new TextDecoder();
  for (let rest = ""; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    const texts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = texts.pop() as string;
    for (const text of texts) await writer.write(utf8(ownPart(text, has)));
  }
}

function ownPart(text: string, has: (queue: string) => boolean): string {
  const [, event, json] = /^event: (.*)\ndata: (.*)$/.exec(text) ?? [];
  if (event === undefined || json === undefined) return HEARTBEAT;
  const { queues, removed, ...rest } = JSON.parse(json) as News;
  const own = queues.filter(({ name }) => has(name));
  const gone = removed?.filter(has) ?? [];
  if (event !== "queues" && own.length + gone.length === 0) return HEARTBEAT;
  const data = { ...rest, queues: own, ...(gone.length > 0 && { removed: gone }) };
  return eventText({ event, data });
}
