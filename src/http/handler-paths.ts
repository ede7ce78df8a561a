// Which paths from outside could be read as one of a task's handler, by any router a Worker may have.
// Routers decode differently: once, twice, leniently, with or without dots, backslashes and doubled slashes. So
// no reading is chosen here: a path is refused if one of them leads to a handler.

/** What a path must have for anyone to read it otherwise than as it stands. */
const READ_DIFFERENTLY = /[%\\;]|\/[/.]/;

/** Where what follows may be cut off, and a segment that leads back. */
const CUTS_OR_LEADS_BACK = /[;?#]|(^|\/)\.\.(\/|$)/;

/** `url` as the request has it, before anything is resolved in it. */
export function mayReachHandlers(url: string): boolean {
  const path = pathIn(url).toLowerCase();
  if (!READ_DIFFERENTLY.test(path)) return isHandlers(path.split("/"));
  const decoded = decodedFully(path);
  const segments = decoded.split(/[/;?#]/).filter((segment) => segment !== "" && segment !== ".");
  if (!CUTS_OR_LEADS_BACK.test(decoded)) return isHandlers(["", ...segments]);
  // Who cuts where, and what ".." takes back, is open: any order of the two words may come out.
  const ours = segments.indexOf("_ah");
  return ours !== -1 && segments.includes("queue", ours);
}

/** Whether a path of ours has an escape that routers decode differently, or not at all. */
export function hasBadEscape(url: string): boolean {
  const path = pathIn(url);
  if (!path.includes("%") || !/^\/+_ah(\/|$)/i.test(decodedFully(path))) return false;
  try {
    decodeURIComponent(path);
    return false;
  } catch {
    return true;
  }
}

function isHandlers([, first, second]: readonly string[]): boolean {
  return first === "_ah" && second === "queue";
}

function pathIn(url: string): string {
  const [, path = ""] = /^[a-z]+:\/\/[^/\\?#]*([^?#]*)/i.exec(url) ?? [];
  return path;
}

const ESCAPED = /^[0-7][0-9a-f]$/i;

// Each escape by itself, so that a bad one saves no other, and what they spell again. All that is no plain
// ASCII stays, for it is in none of the words looked for.
function decodedFully(path: string): string {
  const decoded: string[] = [];
  for (const char of path) {
    decoded.push(char);
    while (decoded.at(-3) === "%" && ESCAPED.test(decoded.slice(-2).join(""))) {
      const [, high, low] = decoded.splice(-3);
      decoded.push(String.fromCharCode(Number.parseInt(`${high}${low}`, 16)));
    }
  }
  // Parsers of urls drop control characters, and read a backslash as a slash.
  return decoded
    .join("")
    .toLowerCase()
    .replace(/[\0-\x20]+/g, "")
    .replaceAll("\\", "/");
}
