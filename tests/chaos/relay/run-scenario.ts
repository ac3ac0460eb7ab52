import { checkDelivery, faultsOf, type Verdict } from "./check-delivery.ts";
import type { Scenario } from "./scenarios.ts";
import { startTrial } from "./trial.ts";
import type { World } from "./world.ts";

export interface Outcome {
  /** That were written for sure. */
  events: number;
  verdict: Verdict;
  seconds: number;
  /** What is not as promised. */
  faults: string[];
}

export async function runScenario(world: World, scenario: Scenario, events: number): Promise<Outcome> {
  const beganAt = performance.now();
  const trial = await startTrial(world, scenario.topic);
  try {
    const stuck = await scenario.run(trial, events).then(
      () => [],
      (error: unknown) => [error instanceof Error ? error.message : String(error)],
    );
    const history = await trial.history();
    const verdict = checkDelivery(history);
    return {
      events: history.committed.filter(({ outcome }) => outcome === "committed").length,
      verdict,
      seconds: (performance.now() - beganAt) / 1_000,
      faults: [...stuck, ...faultsOf(verdict, { repeats: scenario.repeats })],
    };
  } finally {
    await trial.close();
  }
}
