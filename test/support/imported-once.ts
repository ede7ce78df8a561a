// Each call of a Durable Object imports the Worker's module anew: the runner asks Vite, outside of workerd, where it is.
// It does not change while a file's tests run, so it is asked once. An object that is called as the last of them ends,
// for a caller that has hung up, would ask when nobody answers any more, which vitest reports as an error.
type Runner = { import(id: string): Promise<unknown> };
declare const __vitest_mocker__: { moduleRunner: Runner };

const WORKER = "/test/support/worker.ts";
const runner = __vitest_mocker__.moduleRunner;
const importAnew = runner.import.bind(runner);
let worker: Promise<unknown> | undefined;

runner.import = (id) => {
  if (!id.endsWith(WORKER)) return importAnew(id);
  worker ??= importAnew(id);
  return worker;
};
