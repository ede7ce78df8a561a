// What the server under test is set up with, and what callers show: none of it may ever come back in an answer.
import type { Random } from "./random.ts";
import { newSession } from "./worker-side.ts";

export const WRITE_TOKEN = "fuzz-write-5c1f0e9a7b3d";
export const READ_TOKEN = "fuzz-read-81d2c46f03ae";
export const SIGNING_SECRET = "whsec_ZnV6ei1zaWduaW5nLXNlY3JldC0wMTIzNDU2Nzg5";

export const SECRETS = [WRITE_TOKEN, READ_TOKEN, SIGNING_SECRET.slice(6)];

export const SETTINGS: Readonly<Record<string, string>> = {
  TASKQUEUE_TOKEN: WRITE_TOKEN,
  TASKQUEUE_READ_TOKEN: READ_TOKEN,
  TASKQUEUE_SIGNING_SECRET: SIGNING_SECRET,
};

/** In ms since 1970, far ahead: sessions of this time hold whenever the requests are made again. */
const LATER = Date.UTC(2090, 0);
const WRITE = { name: "token", secret: WRITE_TOKEN, role: "admin" };
const READ = { name: "read-token", secret: READ_TOKEN, role: "read" };
const SESSIONS = {
  write: await newSession(WRITE, LATER),
  read: await newSession(READ, LATER),
  forged: await newSession({ ...WRITE, secret: "another secret" }, LATER),
  over: await newSession(WRITE, 0),
};

export type Access = "none" | "read" | "write";

/** A way to show, or not to show, who one is. */
export interface Credential {
  access: Access;
  header?: [name: string, value: string];
  query?: string;
  /** By a cookie: changes are for the console's own pages only. */
  isSession?: true;
}

function shown(access: Access, token: string): Credential[] {
  return [
    { access, header: ["Authorization", `Bearer ${token}`] },
    { access, header: ["authorization", `bearer  ${token}`] },
    { access, header: ["X-Goog-Api-Key", token] },
    { access, query: `key=${token}` },
    { access, query: `access_token=${token}` },
  ];
}

function session(access: Access, value: string): Credential {
  return { access, header: ["Cookie", `a=b; taskqueue_session=${value}`], isSession: true };
}

const RIGHT = [...shown("write", WRITE_TOKEN), session("write", SESSIONS.write)];
const READING = [...shown("read", READ_TOKEN), session("read", SESSIONS.read)];
const REFUSED: Credential[] = [
  { access: "none" },
  ...shown("none", `${WRITE_TOKEN}x`),
  ...shown("none", WRITE_TOKEN.slice(1)),
  { access: "none", header: ["Authorization", `Basic ${btoa(`:${WRITE_TOKEN}`)}`] },
  { access: "none", header: ["Authorization", ""] },
  { access: "none", query: "key=" },
  session("none", SESSIONS.forged),
  session("none", SESSIONS.over),
  session("none", SESSIONS.write.replace(/^[^.]+/, SESSIONS.read.split(".")[0] as string)),
  session("none", "dG9rZW4.99999999999."),
  session("none", "__proto__.1.x"),
];

/** Mostly the right one, so that what is behind the door is tried too. */
export function credential(r: Random): Credential {
  if (r.chance(0.75)) return r.chance(0.8) ? (RIGHT[0] as Credential) : r.pick(RIGHT);
  return r.chance(0.4) ? r.pick(READING) : r.pick(REFUSED);
}
