// A field that filters a list; what is in it is in the URL.
import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../navigation.ts";

const TYPING_MS = 250;

interface FieldProps {
  name: string;
  label: string;
  value: string;
  /** Focused by the `/` key. */
  isFirst?: boolean;
}

const SEARCH = { type: "search" } as const;
const TEXT = { type: "text" } as const;

export function FilterField({ name, label, value, isFirst = false }: FieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => setQuery({ [name]: text || undefined }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [name, text, value]);
  return (
    <input
      {...(isFirst ? SEARCH : TEXT)}
      class="filter"
      value={text}
      placeholder={isFirst ? `${label} …` : label}
      aria-label={label}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
    />
  );
}
