// Text of the API with its times formatted like all others.
import { cutAtInstants } from "./times.ts";
import { When } from "./when.tsx";

export function WithTimes({ text }: { text: string }) {
  return (
    <bdi>
      {cutAtInstants(text).map((part, index) =>
        index % 2 === 0 ? part : <When key={index} at={part} />,
      )}
    </bdi>
  );
}
