// Turns of the event loop. A timer takes a millisecond at least, in which others could have had their answers; to
// read a body takes turns too, though all of it is there, and no longer than what there is to do.

export async function nextTurn(): Promise<void> {
  await new Response("a body").text();
}

/** Runs `work` in a later turn. */
export function afterTurn(work: () => void): void {
  void nextTurn().then(work, work);
}
