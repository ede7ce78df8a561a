// A PostgreSQL as it comes, but for more shared memory: fsync and synchronous_commit are on.
import { appendFileSync, chownSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuOfFamily } from "../cpu.ts";
import { leaveNothing } from "../leftovers.ts";
import { peerPackage } from "./packages.ts";
import { endServer, freePort, type Owner, programOf, run, startServer } from "./server.ts";

export interface Pool {
  query(text: string): Promise<{ rows: Record<string, unknown>[] }>;
  on(event: "error" | "connect", listener: (given: Errant) => void): void;
  end(): Promise<void>;
}

/** Something that tells of errors: a connection. An error is given to listeners in the same place. */
interface Errant {
  on?(event: "error", listener: () => void): void;
}

interface Pg {
  Pool: new (options: object) => Pool;
}

export interface Postgres {
  /** Makes a database, and says how it is reached. */
  database(name: string): Promise<object>;
  pool(connection: object, max: number): Pool;
  /** Seconds of CPU it has used. */
  cpu(): number;
  close(): Promise<void>;
}

export const POSTGRES_LACKS = "PostgreSQL; apt-get install postgresql";
const PLACES = ["/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin"];
const USER = "postgres";

/** Undefined where it is not installed. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const [initdb, program] = [programOf("initdb", PLACES), programOf("postgres", PLACES)];
  if (initdb === undefined || program === undefined) return undefined;
  const owner = ownerOf();
  const [dir, port] = [mkdtempSync(join(tmpdir(), "taskqueue-postgres-")), await freePort()];
  if (owner) chownSync(dir, owner.uid, owner.gid);
  const data = join(dir, "data");
  run(initdb, ["-D", data, "-U", USER, "-A", "trust"], owner);
  const settings = ["max_connections=200", "shared_buffers=512MB", "unix_socket_directories=''"];
  appendFileSync(join(data, "postgresql.conf"), settings.join("\n"));
  const args = ["-D", data, "-p", `${port}`, "-h", "127.0.0.1"];
  const { Pool } = peerPackage<Pg>("pg");
  const at = (database: string) => ({ host: "127.0.0.1", port, user: USER, database });
  const pool = (connection: object, max: number) => {
    const made = new Pool({ ...connection, max });
    made.on("error", () => {});
    made.on("connect", (connection) => connection.on?.("error", () => {}));
    return made;
  };
  const isReady = () => answers(pool(at(USER), 1));
  const server = await startServer(program, args, isReady, owner);
  leaveNothing(server, dir);
  return {
    database: async (name) => {
      const own = pool(at(USER), 1);
      await own.query(`CREATE DATABASE ${name}`);
      await own.end();
      return at(name);
    },
    pool,
    cpu: () => cpuOfFamily(server.pid as number),
    // A fast shutdown: it ends whoever is still connected.
    close: () => endServer(server, "SIGINT"),
  };
}

/** PostgreSQL refuses to run as root. */
function ownerOf(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (of: string) => Number(run("id", [of, USER]));
  return { uid: id("-u"), gid: id("-g") };
}

async function answers(pool: Pool): Promise<boolean> {
  try {
    await pool.query("SELECT 1");
    return true;
  } catch {
    return false;
  } finally {
    await pool.end();
  }
}
