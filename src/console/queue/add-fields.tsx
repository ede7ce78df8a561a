// The fields of the add-task form.
import { useId } from "preact/hooks";
import type { AddForm, BodyKind } from "./add-form.ts";

const METHODS = ["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"];
const BODIES: Record<BodyKind, string> = {
  none: "nothing",
  json: "JSON",
  text: "text",
  params: "form fields",
  base64: "bytes, as base64",
};

interface FieldsProps {
  form: AddForm;
  mode: "push" | "pull";
  onChange: (change: Partial<AddForm>) => void;
}

export function AddFields({ form, mode, onChange }: FieldsProps) {
  const kept = Object.keys(form.kept);
  type TextField = "name" | "countdown" | "url" | "tag" | "key" | "priority";
  const text = (field: TextField, label: string, hint: string) => (
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
        {text("key", "Key", "none")}
        {text("priority", "Priority", "4, of 0 to 9")}
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
