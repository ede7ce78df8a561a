// The order of test files. Without the times of an earlier run vitest begins with the largest files; short ones that
// take long would then come last, and run alone while the other workers have nothing left.
import { BaseSequencer, type TestSpecification } from "vitest/node";

const LONGEST = [
  ...["start", "bench", "chaos", "try", "testing-workers", "init", "testing", "set-up"],
  ...["recurring", "overload", "fuzz", "unread-bodies", "crash", "groups"],
].map((name) => `test/e2e/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) =>
      LONGEST.some((file) => moduleId.endsWith(file));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
