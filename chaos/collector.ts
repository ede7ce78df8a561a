// Notes what handlers report, outside the servers that are killed.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Execution } from "./sort.ts";

export interface Report {
  kind: "start" | "end";
  id: string;
  queue: string;
  task: string;
  turn?: number;
  read?: number;
  failedOn?: string;
  ok?: boolean;
}

/** An execution with what its start said. */
export type Noted = Execution & Report;

export class Collector {
  readonly noted: Noted[] = [];
  /** The life of the server that is running. */
  life = 0;
  readonly #server = createServer(async (request, response) => {
    // A report that broke off was never made.
    const report = await text(request).catch(() => undefined);
    if (report !== undefined) this.#note(JSON.parse(report));
    response.end();
  });

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #note(report: Report): void {
    const now = Date.now();
    if (report.kind === "start") {
      this.noted.push({ ...report, life: this.life, startedAt: now });
      return;
    }
    const begun = this.noted.findLast(
      ({ id, life, endedAt }) => id === report.id && life === this.life && endedAt === undefined,
    );
    if (begun) Object.assign(begun, { endedAt: now, ok: report.ok });
  }
}
