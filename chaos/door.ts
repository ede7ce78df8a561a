// Requests to the server that lives now, from whoever plays with it; and what is known of its clock.

export class Door {
  url = "";
  isClosed = true;
  /** By how much the server's clock is ahead of this machine's, at least. */
  aheadMs = 0;
  /** How often its clock has begun, or ended, to jump: what is odd is said in the middle of it. */
  jumps = 0;
  /** The latest that its clock may have shown before it went back, or before the server that lives now. */
  peak = 0;

  open(url: string): void {
    this.url = url;
    this.isClosed = false;
  }

  /** The answer, undefined where none came. */
  async send(
    path: string,
    body: unknown = "",
    type = "application/json",
  ): Promise<Response | undefined> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return this.#fetch(path, { method: "POST", body: text, headers: { "Content-Type": type } });
  }

  async get(path: string): Promise<Response | undefined> {
    return this.#fetch(path, {});
  }

  async #fetch(path: string, init: RequestInit): Promise<Response | undefined> {
    try {
      const response = await fetch(this.url + path, init);
      // An answer that broke off is none.
      return new Response(await response.text(), { status: response.status });
    } catch {
      return undefined;
    }
  }
}

/** A queue's own routes, and those of Google's API. */
export const native = (queue: string) => `/_ah/api/queues/${queue}`;
export const GOOGLE = "projects/p/locations/l/queues";
