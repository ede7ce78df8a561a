// Called later: what the demo says of a count when all is done. Dates and sets travel as they are.

export interface Report {
  count: string;
  numbers: Set<number>;
  combinedAt: Date;
}

export function report({ count, numbers, combinedAt }: Report): void {
  const at = combinedAt.toISOString();
  console.log(`report ${count}: ${numbers.size} different numbers, put together at ${at}`);
}
