// What each queue is, and has counted: all of them, page by page.
import { PAGE } from "../core/limits.ts";
import type { FiguresReader } from "../core/metrics/queue-report.ts";
import type { FiguresPage, QueueFigures } from "../objects/rpc.ts";
import type { QueueService } from "./queue-service.ts";

/** In the order of their names. */
export async function* figuresOf(
  queues: QueueService,
  reader: FiguresReader,
): AsyncGenerator<QueueFigures> {
  for (let after: string | undefined = ""; after !== undefined; ) {
    const page: FiguresPage = await queues.figures(after, PAGE.max, reader);
    yield* page.queues;
    after = page.last;
  }
}
