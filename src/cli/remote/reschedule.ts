// `reschedule`: gives waiting tasks another time.
import type { NewTime } from "../../core/task/new-task.ts";
import { type Given, textOption } from "../given/command.ts";
import { UsageError } from "../terminal/exit.ts";
import { bulk } from "./bulk.ts";
import { oneByOne } from "./one-by-one.ts";
import { remote } from "./queues-of.ts";
import { secondsOf } from "./times.ts";

export default remote((it) => {
  const time = newTime(it.given);
  return bulk(it, {
    ...{ verb: "reschedule", done: "rescheduled" },
    act: (queue, names, signal) =>
      oneByOne(names, (name) => queue.reschedule(name, time, { signal })),
  });
});

function newTime(given: Given): NewTime {
  const [eta, countdown] = [textOption(given, "eta"), textOption(given, "countdown")];
  if ((eta === undefined) === (countdown === undefined)) {
    throw new UsageError("--eta: expected it or --countdown");
  }
  return countdown === undefined
    ? { eta: eta as string }
    : { countdown: secondsOf("countdown", countdown) };
}
