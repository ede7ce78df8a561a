// What is taken from the Worker's own side of the sources. Its types are workerd's, which do not go together with
// Node's, and so are some of its modules: it is bundled with those left empty, for nothing of them is called here.
import { build } from "esbuild";

interface WorkerSide {
  apiRoutes(): readonly string[];
  cloudTasksRoutes(): readonly string[];
  newSession(token: { name: string; secret: string; role: string }, now: number): Promise<string>;
}

const SRC = new URL("../src/http/", import.meta.url).pathname;
const MODULES = ["./native/router.ts", "./cloud-tasks/router.ts", "./session.ts"];

const { outputFiles } = await build({
  stdin: { contents: MODULES.map((it) => `export * from "${it}";`).join("\n"), resolveDir: SRC },
  bundle: true,
  format: "esm",
  target: "es2024",
  write: false,
  plugins: [
    {
      name: "workerd",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /^cloudflare:/ }, ({ path }) => ({ path, namespace: "workerd" }));
        const contents = "module.exports = new Proxy({}, { get: () => class {} });";
        onLoad({ filter: /./, namespace: "workerd" }, () => ({ contents, loader: "js" }));
      },
    },
  ],
});
const text = outputFiles[0]?.text ?? "";
const url = `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;

export const { apiRoutes, cloudTasksRoutes, newSession }: WorkerSide = await import(url);
