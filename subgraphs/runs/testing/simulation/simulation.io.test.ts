import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Commits } from "../../engine/journal/commits.ts";
import { type Plan, type Planted, plans, simulate } from "./simulate.ts";

const SEED = Number(process.env.SOMA_TEST_SEED ?? Date.now() % 1_000_000);
/** So many plans, or without it as many as there is time for. */
const PLANS = Number(process.env.SOMA_TEST_SIMULATIONS ?? 0);
const TIME_MS = 6_000;
const BOUNDS = PLANS > 0 ? { numRuns: PLANS } : { numRuns: 1_000_000, interruptAfterTimeLimit: TIME_MS };
/** More than it takes to find what is planted. */
const ENOUGH = 1_000;
const HOURS_MS = 7_200_000;

/** Plans that were found to fail, and are tried first. */
const FOUND: readonly Plan[] = [
  // A cancel request that came before a commit whose answer was lost: the effect began all the same.
  {
    ...{ shape: [1, 436], order: [], runs: 1 },
    faults: [
      { kind: "ANSWER_LOST", at: 14, which: 0 },
      { kind: "CANCEL", at: 14, which: 0 },
    ],
  },
  // A worker that was frozen with the answer on its way: it paid what another one had paid meanwhile.
  { shape: [0, 462], order: [0, 0, 0, 0, 0, 1], faults: [{ kind: "FREEZE", at: 3, which: 0 }], runs: 1 },
  // A run given back and taken again by the same worker: what it left in the queue was answered as what it wrote anew.
  {
    ...{ shape: [16, 0, 355, 82, 0, 858, 377], order: [], runs: 2 },
    faults: [
      { kind: "REFUSED", at: 14, which: 3 },
      { kind: "REFUSED", at: 22, which: 1 },
      { kind: "CANCEL", at: 60, which: 0 },
      { kind: "PAUSE", at: 34, which: 3 },
    ],
  },
];

describe(`simulated runs (SOMA_TEST_SEED=${SEED})`, () => {
  it("end as if nothing had gone wrong, whatever comes when", { timeout: HOURS_MS }, async () => {
    const isSound = async (plan: Plan): Promise<void> => {
      const faults = await simulate(plan);
      if (faults.length > 0) throw new Error(faults.join("\n"));
    };
    const found = await fc.check(fc.asyncProperty(plans, isSound), {
      ...{ seed: SEED, examples: FOUND.map((plan): [Plan] => [plan]) },
      ...BOUNDS,
    });
    if (found.failed) throw new Error(fc.defaultReportMessage(found), { cause: found.errorInstance });
    console.info(`${found.numRuns} plans were simulated`);
    expect(found.numRuns).toBeGreaterThanOrEqual(Math.max(1, PLANS));
  });

  /** The smallest plan found of which somebody would say what is expected. */
  async function find(expected: RegExp, planted: Planted): Promise<Plan | undefined> {
    const says = async (plan: Plan) => (await simulate(plan, planted)).some((fault) => expected.test(fault));
    const property = fc.asyncProperty(plans, async (plan) => !(await says(plan)));
    return (await fc.check(property, { seed: SEED, numRuns: ENOUGH })).counterexample?.[0];
  }

  it("would be caught if the store took rows of who lost its run", async () => {
    const plan = await find(/was written under epoch 1, after epoch \d+ had begun/, { fence: false });
    // Nothing that does not take a run away is left in the plan.
    const kinds = new Set(plan?.faults.map(({ kind }) => kind));
    expect(kinds.size).toBeGreaterThan(0);
    expect([...kinds].filter((kind) => !["FREEZE", "CRASH", "STOP"].includes(kind))).toEqual([]);
  });

  it("would be caught if an effect began before its start is durable", async () => {
    const tooEarly = (commits: Commits): Commits => ({
      ...commits,
      async commit(rows) {
        void commits.commit(rows).catch(() => {});
        return new Map(rows.map(({ event }) => [event.runId, 0]));
      },
    });
    const plan = await find(/began before its start was durable/, { commitsBy: tooEarly });
    expect(plan).toEqual({ shape: [], order: [], faults: [], runs: 1 });
  });
});
