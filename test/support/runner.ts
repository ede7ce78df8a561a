// The way to a queue's handlers, with something else in its place.
import { inObjects, objectsOf } from "./time.ts";

interface Runs {
  runner: () => object;
}

/** From now on every attempt of the queue goes to `runner`, until it is mended. */
export async function replaceRunner(name: string, runner: object): Promise<() => void> {
  const mends = await inObjects(objectsOf(name), (_, instance) => {
    const object = instance as Runs;
    const before = object.runner;
    object.runner = () => runner;
    return () => {
      object.runner = before;
    };
  });
  return () => {
    for (const mend of mends) mend();
  };
}
