import { transaction } from "@soma/shared/postgres/transaction";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HistoryEvent } from "../domain/history.ts";
import { isFinished, RUN_STATUS } from "../domain/run-status.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { type Effect, type Evidence, faultsOfEvidence } from "../testing/evidence.ts";
import { createListener } from "../testing/listener.ts";
import { done, grow, randomOf } from "../testing/random-graphs.ts";
import { readEvidence } from "../testing/read-evidence.ts";

const SEED = Number(process.env.SOMA_TEST_SEED ?? Date.now() % 1_000_000);
const RUNS = 16;
const DEATHS = 5;
/** Of the events that the bus takes, one in so many has its answer lost. */
const LOST = 40;

/** What tools did in a run: each may do it again in another attempt. */
function effectsOf(runId: string): Effect[] {
  return [...done].flatMap(([stepId, times]) => {
    const step = Number(stepId.slice(runId.length + 1));
    const effect: Effect = { class: "idempotent", runId, step, attempt: 0, key: stepId };
    return stepId.startsWith(`${runId}.`) ? Array.from({ length: times }, () => effect) : [];
  });
}

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
    // With numbers of its own: how often it is asked is not the seed's to say.
    const chance = randomOf(SEED + 1);
    const listener = createListener(harness.database.worker, () => chance(LOST) === 0);
    const read = new Map<string, HistoryEvent[]>();
    const owners = new Map<string, Evidence["owners"]>();
    /** Reads a run, and sees who has which. */
    async function look(runId: string): Promise<number> {
      const history = await harness.history(runId);
      read.set(runId, [...(read.get(runId) ?? []), ...history]);
      const had = await harness.database.owner<{ id: string; epoch: number; worker: string }[]>`
        select run_id as id, epoch, worker_id as worker from run where worker_id is not null`;
      for (const { id, ...owner } of had) owners.set(id, [...(owners.get(id) ?? []), owner]);
      return history.length;
    }
    for (let death = 0; death < DEATHS; death += 1) {
      const { kill } = await harness.startWorker(8);
      const { runId = "" } = runs[random(RUNS)] ?? {};
      const before = await look(runId);
      const further = 1 + random(6);
      await until(
        "someone has come further",
        async () => (await look(runId)) >= before + further || (await isOver(runId)),
      );
      await kill();
      await listener.tick();
    }
    await harness.startWorker(8);
    for (const { runId } of runs) await harness.finished(runId);
    const heardEnd = (runId: string, end: HistoryEvent | undefined): boolean =>
      listener.heardOf(runId).at(-1)?.at === end?.at.toISOString();
    for (const [index, { runId }] of runs.entries()) {
      expect((await harness.find(runId))?.status).toBe(RUN_STATUS.SUCCEEDED.code);
      const end = (await harness.history(runId)).at(-1);
      expect(end?.payload.answer).toBe(grown[index]?.trail.join());
      await until("the bus told of the end", async () => !(await listener.tick()) && heardEnd(runId, end));
      const seen = {
        ...{ runId, effects: effectsOf(runId), delivered: listener.heardOf(runId) },
        ...{ read: read.get(runId) ?? [], owners: owners.get(runId) ?? [] },
      };
      const evidence = await transaction(harness.database.owner, {}, (tx) => readEvidence(tx, seen));
      expect(faultsOfEvidence(evidence)).toEqual([]);
    }
  }, 60_000);
});
