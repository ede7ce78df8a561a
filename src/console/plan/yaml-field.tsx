// A field for the text of a file, which may be chosen from the disk; what is wrong with it is told by line and column.
import { useRef } from "preact/hooks";
import { type FileFault, placeIn } from "./words.ts";

interface Props {
  file: FileFault["file"];
  text: string;
  faults: readonly FileFault[];
  onText: (text: string) => void;
}

export function YamlField({ file, text, faults, onText }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const goTo = (fault: FileFault) => {
    const at = placeIn(text, fault);
    area.current?.focus();
    area.current?.setSelectionRange(at, at + 1);
  };
  const id = `fault-of-${file}`;
  return (
    <div class="field">
      <div class="yaml-head">
        <label for={file}>{file}</label>
        <label class="file-choice">
          <input
            type="file"
            aria-label={`Choose a ${file}`}
            accept=".yaml,.yml"
            onChange={(event) => {
              void event.currentTarget.files?.[0]?.text().then(onText);
            }}
          />
        </label>
      </div>
      <textarea
        ref={area}
        id={file}
        rows={file === "queue.yaml" ? 14 : 6}
        value={text}
        spellcheck={false}
        autocomplete="off"
        placeholder={`Paste a ${file}, or choose one`}
        aria-invalid={faults.length > 0}
        aria-describedby={faults.length > 0 ? id : undefined}
        onInput={(event) => onText(event.currentTarget.value)}
      />
      {faults.length > 0 && (
        <div role="alert">
          <ul class="faults" id={id}>
            {faults.map((fault) => (
              <li key={`${fault.line}:${fault.column} ${fault.message}`}>
                <button type="button" class="link" onClick={() => goTo(fault)}>
                  line {fault.line}, column {fault.column}
                </button>{" "}
                {fault.message}
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
