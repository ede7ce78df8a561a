// Acts that the API has for one task at a time: several requests side by side.
import { TaskQueueError } from "../../core/errors.ts";

const AT_ONCE = 8;

/** How many of the tasks it was done of; one that is not there, or not any more, is none. */
export async function oneByOne(
  names: readonly string[],
  act: (name: string) => Promise<unknown>,
): Promise<number> {
  let next = 0;
  let done = 0;
  const work = async () => {
    for (let index = next++; index < names.length; index = next++) {
      if (await isDone(() => act(names[index] as string))) done++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return done;
}

/** What has happened to a task since it was listed. */
const GONE = ["UNKNOWN_TASK", "TOMBSTONED_TASK"];

async function isDone(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (error instanceof TaskQueueError && GONE.includes(error.code)) return false;
    throw error;
  }
}
