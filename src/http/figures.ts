// What each queue is, and has counted: all of them, page by page.
import { PAGE } from "../core/limits.ts";
import type { FiguresReader } from "../core/metrics/queue-report.ts";
import type { FiguresPage } from "../objects/rpc.ts";
import type { QueueService } from "./queue-service.ts";

/** In the order of their names. */
export async function* figurePages(
  queues: QueueService,
  reader: FiguresReader,
): AsyncGenerator<FiguresPage> {
  for (let after: string | undefined = ""; after !== undefined; ) {
    const page: FiguresPage = await queues.figures(after, PAGE.max, reader);
    yield page;
    after = page.last;
  }
}
