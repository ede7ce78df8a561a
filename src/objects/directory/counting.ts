// What a Worker leaves out of which no door shows what queues have counted.
import { KeptTotals, type NewTotals } from "../queue/context/kept-totals.ts";
import { Figures, type FiguresDeps } from "./figures.ts";
import { OwnUse, type OwnUseDeps } from "./own-use.ts";

/** For a door that shows what queues have counted. */
export interface Counting {
  /** What a queue counts by. */
  readonly Totals: NewTotals;
  /** Makes what the directory asks all of them by. */
  readonly newFigures: (deps: FiguresDeps) => Figures;
  /** Makes what it counts itself by. */
  readonly newOwnUse: (deps: OwnUseDeps) => OwnUse;
}

export const counting: Counting = {
  Totals: KeptTotals,
  newFigures: (deps) => new Figures(deps),
  newOwnUse: (deps) => new OwnUse(deps),
};
