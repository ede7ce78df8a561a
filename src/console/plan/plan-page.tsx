// What a deploy of another queue.yaml would change, before it is made. Nothing here changes anything.
import { useState } from "preact/hooks";
import type { DeployPlan } from "../../core/config/plan.ts";
import { ApiError, post } from "../api.ts";
import { sayRefused } from "../shell/messages.tsx";
import { PlanShown } from "./plan-shown.tsx";
import { type FileFault, faultsIn } from "./words.ts";
import { YamlField } from "./yaml-field.tsx";

type Answer =
  | { plan: DeployPlan; refused?: undefined }
  | { plan?: undefined; refused: ApiError }
  | undefined;

export function PlanPage() {
  const [texts, setTexts] = useState({ queue: "", cron: "" });
  const [answer, setAnswer] = useState<Answer>();
  const [isAsking, setAsking] = useState(false);
  const set = (field: keyof typeof texts) => (text: string) => {
    setTexts((before) => ({ ...before, [field]: text }));
    // What is shown is of the files as they were.
    setAnswer(undefined);
  };
  const ask = async () => {
    setAsking(true);
    setAnswer(await planOf(texts));
    setAsking(false);
  };
  const faults = faultsIn(answer?.refused?.details);
  const of = (file: FileFault["file"]) => faults.filter((fault) => fault.file === file);
  return (
    <>
      <div class="page-head">
        <h1>Plan</h1>
        <span class="subtitle muted">
          What a deploy of these files would change. Nothing is changed here.
        </span>
      </div>
      <form
        class="panel plan-form"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <YamlField
          file="queue.yaml"
          text={texts.queue}
          faults={of("queue.yaml")}
          onText={set("queue")}
        />
        <details open={texts.cron !== ""}>
          <summary>With a cron.yaml</summary>
          <YamlField
            file="cron.yaml"
            text={texts.cron}
            faults={of("cron.yaml")}
            onText={set("cron")}
          />
        </details>
        <div class="buttons">
          <button type="submit" class="primary" disabled={isAsking || texts.queue.trim() === ""}>
            Show what would change
          </button>
        </div>
      </form>
      {answer?.refused && faults.length === 0 && (
        <p class="notice" role="alert">
          {answer.refused.message}
        </p>
      )}
      {answer?.plan && <PlanShown plan={answer.plan} />}
    </>
  );
}

async function planOf({ queue, cron }: { queue: string; cron: string }): Promise<Answer> {
  try {
    const files = cron.trim() === "" ? { queue } : { queue, cron };
    return { plan: await post<DeployPlan>("/plan", files) };
  } catch (error) {
    if (error instanceof ApiError) return { refused: error };
    sayRefused(error);
    return undefined;
  }
}
