// What `workerd serve` is told of the Workers it runs: one file for tests, chaos and the benchmark, so that an option means
// the same in all of them.

export interface WorkerdWorker {
  /** Of its service and its socket; its objects lie under `<name>-<class>`. Letters and digits. */
  name: string;
  /** Its bundle, in the directory of the configuration. */
  module: string;
  /** Its Durable Object classes, which all have SQLite. */
  classes: readonly string[];
  vars?: Readonly<Record<string, string>>;
}

interface Place {
  /** Where objects keep their rows; it must be there. */
  stateDir: string;
  /** Default 0: each Worker gets one that the system chooses. */
  port?: number | string;
}

const COMPATIBILITY_DATE = "2026-08-06";

/** As text, for a file `*.capnp`. */
export function configOf(workers: readonly WorkerdWorker[], { stateDir, port = 0 }: Place): string {
  const services = workers.map(({ name }) => `(name = "${name}", worker = .${name}),`);
  const sockets = workers.map(
    ({ name }) =>
      `(name = "${name}", address = "127.0.0.1:${port}", http = (), service = "${name}"),`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join("\n    ")}
    (name = "disk", disk = (path = ${JSON.stringify(stateDir)}, writable = true)),
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    ${sockets.join("\n    ")}
  ],
);
${workers.map(workerOf).join("\n")}`;
}

function workerOf({ name, module, classes, vars = {} }: WorkerdWorker): string {
  const namespaces = classes.map(
    (className) =>
      `(className = "${className}", uniqueKey = "${name}-${className}", enableSql = true),`,
  );
  const bindings = Object.entries(vars).map(
    ([key, value]) => `(name = "${key}", text = ${JSON.stringify(value)}),`,
  );
  return `const ${name} :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed "${module}") ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = ["enable_request_signal"],
  durableObjectNamespaces = [ ${namespaces.join(" ")} ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [ ${bindings.join(" ")} ],
);
`;
}
