// A request under another url or method, for a router. Not a copy: a copy whose body is not read to its end
// breaks the connection, and with it `wrangler dev`.

export function readdressed(
  request: Request,
  { url = request.url, method = request.method }: { url?: string; method?: string },
): Request {
  const { headers } = request;
  const same = {
    ...{ url, method, headers },
    get body() {
      return request.body;
    },
    get signal() {
      return request.signal;
    },
  };
  return same as Request;
}
