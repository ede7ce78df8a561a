// A request for the Worker's own code that differs from the one that came in the headers it is then given.

/** `request` with headers of its own; its body, signal and `cf` are the same. */
export function copyOf(request: Request): Request {
  // Made of a url: `new Request(request)` breaks the connection where nobody reads the body, and that ends
  // `wrangler dev`.
  return new Request(request.url, request);
}
