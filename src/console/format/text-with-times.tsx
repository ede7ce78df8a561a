// Words of the API's, their times shown as all others are.
import { splitAtTimes } from "./split-at-times.ts";
import { When } from "./when.tsx";

export function TextWithTimes({ text }: { text: string }) {
  return (
    <bdi>
      {splitAtTimes(text).map((part, index) =>
        index % 2 === 0 ? part : <When key={index} at={part} />,
      )}
    </bdi>
  );
}
