import { createRequire } from "node:module";
import type { PlannedRun } from "../../../infra/cli/torture/plan.ts";
import type { Ledger } from "../../../subgraphs/sdk/samples/torture/ledger/ledger.ts";
import { loseAnswer } from "../../../subgraphs/sdk/samples/torture/ledger/lose-answer.ts";

/** An engine of somebody else in this process, on a database that outlives it. */
export interface Peer {
  /** Starts a run, or goes on with the one that is there; `onTaken` is called when it outlives this process. Gives its answer. */
  run(planned: PlannedRun, onTaken: () => void): Promise<string>;
}

/** What a peer is told of a step that may be tried again when it throws. */
export const TRIES = 6;
export const FIRST_PAUSE_MS = 200;
const LIMIT_MS = 1_000;
/** What changes nothing, has a key, or can be looked up is tried again; what cannot be is left to a person. */
const UNKNOWABLE = "torture_asked";

const load = createRequire(import.meta.url);
export const INSTALL = "npm install --prefix tests/load/torture-peers --ignore-scripts --no-package-lock";

/** A package of a peer. They are installed by hand, so the compiler does not know them: `T` is what is asked of it. */
export function need<T>(name: string): T {
  try {
    return load(name) as T;
  } catch (cause) {
    throw new Error(`${name} is not installed for the peers; run: ${INSTALL}`, { cause });
  }
}

export function mayTryAgain({ effect }: PlannedRun): boolean {
  return effect.agent !== UNKNOWABLE;
}

/** One try of what a run does, as a careful author writes it: with its key, or after looking whether it was done already. */
export async function tryOnce(planned: PlannedRun, ledger: Ledger): Promise<string> {
  const { order, effect, fault } = planned;
  if (effect.agent === "torture_found" && ledger.isPaid(order)) return "found";
  const signal = AbortSignal.timeout(LIMIT_MS);
  const times = effect.pays
    ? ledger.pay(order, effect.agent === "torture_idempotent" ? order : null)
    : ledger.ask(order);
  await loseAnswer(fault, times, signal);
  if (signal.aborted) throw new Error(`no answer within ${LIMIT_MS} ms`);
  return "paid";
}
