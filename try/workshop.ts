// Where projects are made: a folder outside the repository in which the packed library is installed with what its
// users install beside it, from the registry. Projects are folders in it, and find its packages as any folder does.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { quietEnv, ROOT } from "../scripts/server.ts";

const exec = promisify(execFile);

/** Files by their paths. */
export type Files = Readonly<Record<string, string>>;

/** Packages by their versions, as package.json has them. */
type Versions = Readonly<Record<string, string>>;

export class Workshop {
  readonly dir: string;
  readonly #tarball: string;

  private constructor(dir: string, tarball: string) {
    this.dir = dir;
    this.#tarball = tarball;
  }

  /** Installs the library with what is needed beside it, from its tarball or as it is packed now. */
  static async open(tarball?: string): Promise<Workshop> {
    const dir = mkdtempSync(join(tmpdir(), "taskqueue-try-"));
    const workshop = new Workshop(dir, tarball ?? (await packInto(dir)));
    const { dependencies, devDependencies } = packageOf(ROOT);
    const versions: Record<string, string> = { ...dependencies, ...devDependencies };
    const beside = ["wrangler", "typescript", "hono", "itty-router", "@cloudflare/workers-types"];
    await workshop.#install(
      dir,
      Object.fromEntries(beside.map((name) => [name, versions[name] ?? "*"])),
    );
    return workshop;
  }

  close(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** A new folder with these files. */
  project(name: string, files: Files = {}): string {
    const project = join(this.dir, name);
    mkdirSync(project, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(project, path)), { recursive: true });
      writeFileSync(join(project, path), text);
    }
    return project;
  }

  /** A copy of an example, without the settings that only hold in the repository. */
  example(name: string): string {
    const project = join(this.dir, name);
    cpSync(join(ROOT, "examples", name), project, {
      recursive: true,
      filter: (path) => !/node_modules|\.wrangler/.test(path),
    });
    return project;
  }

  /** Installs what the project's package.json asks for in its own folder, the library as it was packed. */
  async installOwn(project: string): Promise<void> {
    const { dependencies, devDependencies } = packageOf(project);
    const { "durable-taskqueue": _, ...versions } = { ...dependencies, ...devDependencies };
    await this.#install(project, versions);
  }

  async #install(dir: string, versions: Versions): Promise<void> {
    const own = { "durable-taskqueue": `file:${this.#tarball}` };
    const file = { private: true, type: "module", dependencies: { ...own, ...versions } };
    writeFileSync(join(dir, "package.json"), JSON.stringify(file));
    await run(dir, "npm", "install", "--no-audit", "--no-fund", "--silent", "--prefer-offline");
  }
}

/** The path of the tarball. */
async function packInto(dir: string): Promise<string> {
  const packed = await run(ROOT, "npm", "pack", "--json", "--silent", "--pack-destination", dir);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return join(dir, filename);
}

interface PackageFile {
  dependencies?: Versions;
  devDependencies?: Versions;
}

function packageOf(dir: string): PackageFile {
  return JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as PackageFile;
}

/** What a command writes; throws with all of it when it fails. */
export async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  try {
    return (await exec(program, args, { cwd, env: quietEnv(), encoding: "utf8" })).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${[program, ...args].join(" ")} in ${cwd} failed\n${stdout}\n${stderr}`);
  }
}
