// What is taken from the Worker's own side of the sources. Its types are workerd's, which do not go together with
// Node's, so it is imported by a name the compiler does not follow.

interface WorkerSide {
  apiRoutes(): readonly string[];
  cloudTasksRoutes(): readonly string[];
  newSession(token: { name: string; secret: string; role: string }, now: number): Promise<string>;
}

const SRC = new URL("../src/http/", import.meta.url).href;
const modules = ["native/router.ts", "cloud-tasks/router.ts", "session.ts"];

export const { apiRoutes, cloudTasksRoutes, newSession }: WorkerSide = Object.assign(
  {},
  ...(await Promise.all(modules.map((path) => import(SRC + path)))),
);
