// Words of the API's, their times shown as all others are.
import { cutAtInstants } from "./instants.ts";
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
