// A request that differs from the one that came in its method, or in the headers it is then given.

/** `request` with another method; its body, signal and `cf` are the same, its headers a copy. */
export function copyOf(request: Request, method = request.method): Request {
  // Made of a url: `new Request(request)` breaks the connection where nobody reads the body, and that ends
  // `wrangler dev`.
  if (method === request.method) return new Request(request.url, request);
  const { url, headers, body, signal, cf } = request;
  return new Request(url, { method, headers, body, signal, ...(cf && { cf }) });
}
