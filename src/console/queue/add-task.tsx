// A task added by hand: a new one, or one like another.
import { useId, useState } from "preact/hooks";
import type { NewTask, Task } from "../../core/task.ts";
import { hasLogin } from "../access.ts";
import { apiUrl, post, queuePath } from "../api.ts";
import { go } from "../navigation.ts";
import { pathOf } from "../route.ts";
import { CopyButton } from "../shell/copy.tsx";
import { Dialog } from "../shell/dialog.tsx";
import { acting } from "../shell/messages.tsx";
import { curlOf } from "../task/curl.ts";
import { type AddForm, type BodyKind, formOf, taskOf } from "./add-form.ts";

interface Props {
  queue: string;
  mode: "push" | "pull";
  /** What the form is filled in with. */
  like?: NewTask;
  onClose: () => void;
}

const METHODS = ["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"];
const BODIES: Record<BodyKind, string> = {
  none: "nothing",
  json: "JSON",
  text: "text",
  params: "form fields",
  base64: "bytes, as base64",
};

export function AddTask({ queue, mode, like, onClose }: Props) {
  const [form, setForm] = useState(() => formOf(like));
  const asked = taskOf(form);
  const path = `${queuePath(queue)}/tasks`;
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if ("wrong" in asked || isBusy) return;
    setBusy(true);
    const isAdded = await acting(async () => {
      const { name } = await post<Task>(path, asked.task);
      go(pathOf({ page: "task", queue, task: name }));
      return `${name} is on queue ${queue}`;
    });
    setBusy(false);
    if (isAdded) onClose();
  };
  return (
    <Dialog title={`Add a task to ${queue}`} onClose={onClose} wide>
      <form class="add" onSubmit={submit}>
        <Fields form={form} mode={mode} onChange={(change) => setForm({ ...form, ...change })} />
        {"wrong" in asked && (
          <p class="wrong" role="alert">
            {asked.wrong}
          </p>
        )}
        <div class="buttons">
          {"task" in asked && (
            <CopyButton
              label="Copy as curl"
              text={() =>
                curlOf({
                  url: location.origin + apiUrl(path),
                  body: asked.task,
                  hasToken: hasLogin(),
                })
              }
            />
          )}
          <span class="spring" />
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={"wrong" in asked || isBusy}>
            Add
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface FieldsProps {
  form: AddForm;
  mode: "push" | "pull";
  onChange: (change: Partial<AddForm>) => void;
}

function Fields({ form, mode, onChange }: FieldsProps) {
  const kept = Object.keys(form.kept);
  const text = (field: "name" | "countdown" | "url" | "tag", label: string, hint: string) => (
    <label class="field">
      <span>{label}</span>
      <input
        value={form[field]}
        placeholder={hint}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onChange({ [field]: event.currentTarget.value })}
      />
    </label>
  );
  const isPush = mode === "push";
  return (
    <>
      <div class="fields">
        {text("name", "Name", "generated")}
        {text("countdown", "Seconds from now", "0")}
        {isPush && text("url", "URL", "the queue's own handler")}
        {!isPush && text("tag", "Tag", "none")}
        {isPush && (
          <Choice
            label="Method"
            value={form.method}
            choices={METHODS.map((method) => [method, method])}
            onChange={(method) => onChange({ method })}
          />
        )}
      </div>
      <Choice
        label="Body"
        value={form.bodyKind}
        choices={Object.entries(BODIES)}
        onChange={(bodyKind) => onChange({ bodyKind: bodyKind as BodyKind })}
      />
      {form.bodyKind !== "none" && (
        <label class="field">
          <span class="hidden">What the body is</span>
          <textarea
            rows={6}
            spellcheck={false}
            value={form.body}
            placeholder={form.bodyKind === "params" ? "name=value, a line each" : ""}
            onInput={(event) => onChange({ body: event.currentTarget.value })}
          />
        </label>
      )}
      {isPush && (
        <label class="field">
          <span>Headers</span>
          <textarea
            rows={2}
            spellcheck={false}
            value={form.headers}
            placeholder="Name: value, a line each"
            onInput={(event) => onChange({ headers: event.currentTarget.value })}
          />
        </label>
      )}
      {kept.length > 0 && <p class="muted">As they were: {kept.join(", ")}</p>}
    </>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  choices: readonly (readonly [value: string, words: string])[];
  onChange: (value: string) => void;
}

function Choice({ label, value, choices, onChange }: ChoiceProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {choices.map(([choice, words]) => (
          <option key={choice} value={choice}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}
