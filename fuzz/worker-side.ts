// What is taken from the Worker's own side of the sources. Its types are workerd's, which do not go together with
// Node's, so it is imported by a name the compiler does not follow.

interface WorkerSide {
  API_ROUTES: readonly string[];
  CLOUD_TASKS_ROUTES: readonly string[];
  newSession(access: "read" | "write", token: string, now: number): Promise<string>;
}

const SRC = new URL("../src/http/", import.meta.url).href;
const modules = ["native/router.ts", "cloud-tasks/router.ts", "session.ts"];

export const { API_ROUTES, CLOUD_TASKS_ROUTES, newSession }: WorkerSide = Object.assign(
  {},
  ...(await Promise.all(modules.map((path) => import(SRC + path)))),
);
