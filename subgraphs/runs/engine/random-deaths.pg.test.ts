import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFinished, RUN_STATUS } from "../domain/run-status.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { faultsOf } from "../testing/history-oracle.ts";
import { done, grow, randomOf } from "../testing/random-graphs.ts";

const SEED = Number(process.env.SOMA_TEST_SEED ?? Date.now() % 1_000_000);
const RUNS = 16;
const DEATHS = 5;

describe(`runs whose workers die at random (SOMA_TEST_SEED=${SEED})`, () => {
  const random = randomOf(SEED);
  const grown = Array.from({ length: RUNS }, (_, n) => grow(`g${n}`, random, 2));
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness(grown.map((one) => one.graph));
  });
  afterAll(() => harness.close());

  it("end as if none had died, and no step that was done is done again", async () => {
    const runs = await Promise.all(grown.map((one) => harness.start({ graph: one.graph.name })));
    const isOver = async (runId: string): Promise<boolean> => isFinished((await harness.find(runId))?.status ?? 0);
    for (let death = 0; death < DEATHS; death += 1) {
      const { kill } = await harness.startWorker(8);
      const { runId = "" } = runs[random(RUNS)] ?? {};
      const before = (await harness.history(runId)).length;
      const further = 1 + random(6);
      await until(
        "someone has come further",
        async () => (await harness.history(runId)).length >= before + further || (await isOver(runId)),
      );
      await kill();
    }
    await harness.startWorker(8);
    for (const { runId } of runs) await harness.finished(runId);
    for (const [index, { runId }] of runs.entries()) {
      const history = await harness.history(runId);
      expect(faultsOf(history)).toEqual([]);
      expect((await harness.find(runId))?.status).toBe(RUN_STATUS.SUCCEEDED.code);
      expect(history.at(-1)?.payload.answer).toBe(grown[index]?.trail.join());
      const succeeded = history.filter(({ kind, nodeType }) => kind === "STEP_SUCCEEDED" && nodeType === "tool");
      for (const { step } of succeeded) {
        const attempts = history.filter((event) => event.step === step && event.kind === "STEP_STARTED").length;
        expect(done.get(`${runId}.${step}`) ?? 0).toBeLessThanOrEqual(attempts);
      }
    }
  }, 60_000);
});
