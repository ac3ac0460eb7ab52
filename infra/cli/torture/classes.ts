/** A class of effects as the runs of one agent show it. */
export interface EffectClass {
  name: string;
  /** The agent of the project whose runs have effects of this class. */
  agent: string;
  /** Whether a run that succeeds has paid, once; otherwise it changes nothing. */
  pays: boolean;
}

/**
 * What is put to the torture; runs are dealt out in turn. The project in `subgraphs/sdk/samples/torture` has an agent
 * for each.
 */
export const CLASSES: readonly EffectClass[] = [
  { name: "pure", agent: "torture_pure", pays: false },
  { name: "idempotent", agent: "torture_idempotent", pays: true },
  { name: "at_most_once, looked up", agent: "torture_found", pays: true },
  { name: "at_most_once, asked", agent: "torture_asked", pays: true },
  { name: "db", agent: "torture_booked", pays: true },
];
