import { payloadOf } from "@soma/schemas/run-history";
import { type AnyGraph, appended, graph } from "@soma/sdk/graph";
import fc from "fast-check";
import { RUN_STATUS, toRunStatus } from "../../domain/run-status.ts";
import type { Commits } from "../../engine/journal/commits.ts";
import { faultsOfEvidence } from "../evidence.ts";
import { grow, randomOf } from "../random-graphs.ts";
import { CHILD, DOOM, leavesOf } from "./leaves.ts";
import type { StoredRun } from "./memory-store.ts";
import { FAULTS, type Fault, Simulation, type SimulationOptions } from "./simulation.ts";
import { installVirtualClock } from "./virtual-clock.ts";

/**
 * All that a simulation depends on. The lists of numbers are read one by one where something is chosen, and are 0 at
 * their ends.
 */
export interface Plan {
  /** Of what the graph is made. */
  shape: readonly number[];
  /** What comes next of what can; 0 is what waits longest. */
  order: readonly number[];
  faults: readonly Fault[];
  runs: number;
}

const anyNumber = fc.nat(999);

export const plans: fc.Arbitrary<Plan> = fc.record({
  shape: fc.array(anyNumber, { maxLength: 24 }),
  order: fc.array(anyNumber, { maxLength: 160 }),
  faults: fc.array(fc.record({ kind: fc.constantFrom(...FAULTS), at: fc.nat(80), which: fc.nat(3) }), { maxLength: 6 }),
  runs: fc.integer({ min: 1, max: 2 }),
});

/** Faults to plant, to see that they are found. */
export type Planted = Partial<Pick<SimulationOptions, "fence" | "commitsBy">>;

const STARTS_AT = Date.UTC(2026, 0, 1);
const DEPTH = 2;

/** What is wrong with what came of a plan, in words; the same for the same plan. */
export async function simulate(plan: Plan, planted: Planted = {}): Promise<string[]> {
  const random = randomOf(1);
  const clock = installVirtualClock(STARTS_AT, () => random(1_000) / 1_000);
  try {
    const sound = { fence: true, commitsBy: (commits: Commits) => commits };
    const { faults } = plan;
    const simulation = new Simulation({ ...sound, ...planted, clock, choose: reader(plan.order), faults });
    const leaves = leavesOf(simulation);
    const grown = grow("g", reader(plan.shape), DEPTH, leaves);
    simulation.add(childGraph(leaves));
    simulation.add(grown.graph);
    const begun = Array.from({ length: plan.runs }, () => simulation.start(grown.graph));
    const ends = await simulation.run();
    if (ends.length > 0) return ends;
    return [
      ...[...simulation.store.runs.keys()].flatMap((runId) => faultsOfEvidence(simulation.witness.evidenceOf(runId))),
      ...begun.flatMap((run) => faultsOfEnd(simulation, run, grown.trail)),
    ];
  } finally {
    clock.uninstall();
  }
}

function reader(numbers: readonly number[]): (below: number) => number {
  let read = 0;
  return (below) => {
    const number = numbers[read] ?? 0;
    read += 1;
    return number % below;
  };
}

/** What runs start: an effect, a wait, and a payment whose answer is lost. */
function childGraph(leaves: ReturnType<typeof leavesOf>): AnyGraph {
  const [pays, waits, loses] = [0, 7, 5].map((kind) => leaves[kind]?.("child").node);
  if (pays === undefined || waits === undefined || loses === undefined) throw new Error("there are fewer leaves");
  return graph(CHILD, 1, { trail: appended<string>() })
    .node("pays", pays)
    .node("waits", waits)
    .node("loses", loses)
    .edge("pays", "waits")
    .edge("waits", "loses")
    .build(({ trail }) => trail.join());
}

/** It ends as if nothing had gone wrong, or canceled when somebody asked for that. */
function faultsOfEnd({ store, witness }: Simulation, { runId, status }: StoredRun, trail: readonly string[]): string[] {
  const ended = toRunStatus(status);
  const payload = store.history(runId).at(-1)?.payload;
  if (status === RUN_STATUS.CANCELED.code && witness.wasCanceled(runId)) return [];
  if (status === RUN_STATUS.FAILED.code && payloadOf("RUN_FAILED", payload).error.message === DOOM) return [];
  if (status !== RUN_STATUS.SUCCEEDED.code) return [`run ${runId} ended ${ended}: ${JSON.stringify(payload)}`];
  const { answer } = payloadOf("RUN_SUCCEEDED", payload);
  return answer === trail.join() ? [] : [`run ${runId} left the trail ${answer}, and its graph makes ${trail.join()}`];
}
