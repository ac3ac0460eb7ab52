import { type AnyGraph, graph } from "@soma/sdk/graph";
import type { NodeSpec } from "@soma/sdk/node";
import { wait } from "@soma/sdk/wait";
import { transaction } from "@soma/shared/postgres/transaction";
import { until } from "@soma/shared/testing/until";
import { afterEach, describe, expect, it } from "vitest";
import type { HistoryEvent } from "../domain/history.ts";
import { RUN_STATUS } from "../domain/run-status.ts";
import { alwaysReplay } from "../testing/always-replay.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";
import { faultsOfEvidence } from "../testing/evidence.ts";
import { grow, randomOf } from "../testing/random-graphs.ts";
import { readEvidence } from "../testing/read-evidence.ts";

const SEED = Number(process.env.SOMA_TEST_SEED ?? Date.now() % 1_000_000);
const RUNS = 12;
const MINUTE_MS = 60_000;

describe(`runs whose process remembers nothing (SOMA_TEST_SEED=${SEED})`, () => {
  let harness: EngineHarness;
  const differences: string[] = [];
  /** All that was read while runs went on. */
  const read: HistoryEvent[] = [];
  afterEach(async () => {
    differences.length = 0;
    read.length = 0;
    await harness.close();
  });

  async function forgetful(graphs: readonly AnyGraph[]): Promise<void> {
    const mode = {
      async history(runId: string) {
        const history = await harness.history(runId);
        read.push(...history);
        return history;
      },
      differs: (what: string) => void differences.push(what),
    };
    harness = await createEngineHarness(graphs.map((each) => alwaysReplay(each, mode)));
    await harness.startWorker();
  }

  it("are at each step where their history says, and end as if it had remembered", async () => {
    const random = randomOf(SEED);
    const grown = Array.from({ length: RUNS }, (_, n) => grow(`g${n}`, random, 2));
    await forgetful(grown.map((one) => one.graph));
    const runs = await Promise.all(grown.map((one) => harness.start({ graph: one.graph.name })));
    for (const [index, { runId }] of runs.entries()) {
      expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
      const history = await harness.history(runId);
      const seen = { runId, read: read.filter((event) => event.runId === runId) };
      const evidence = await transaction(harness.database.owner, {}, (tx) => readEvidence(tx, seen));
      expect(faultsOfEvidence(evidence)).toEqual([]);
      expect(history.at(-1)?.payload.answer).toBe(grown[index]?.trail.join());
    }
    expect(differences).toEqual([]);
  });

  it("go on where they waited", async () => {
    const rests = wait<{ readonly n: number }>((_state, { now }) => new Date(now().getTime() + MINUTE_MS));
    await forgetful([
      graph("rests", 1, { n: { initial: 0 } })
        .node("rest", rests)
        .build(() => "rested"),
    ]);
    const { runId } = await harness.start({ graph: "rests" });
    await until("it is parked", async () => (await harness.find(runId))?.status === RUN_STATUS.PARKED.code);
    await harness.skipWait(runId, MINUTE_MS);
    expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    expect(differences).toEqual([]);
  });

  it("would be told apart if a graph kept something beside its state", async () => {
    let kept = 0;
    const count = (_current: number, _update: number): number => {
      kept += 1;
      return kept;
    };
    const step: NodeSpec<{ readonly n: number }> = { type: "tool", run: () => ({ summary: "", patch: { n: 0 } }) };
    const hides = graph("hides", 1, { n: { initial: 0, reduce: count } });
    await forgetful([
      hides
        .node("one", step)
        .node("two", step)
        .edge("one", "two")
        .build(() => ""),
    ]);
    await harness.finished((await harness.start({ graph: "hides" })).runId);
    // Before the second step: the first one left what another fold does not find.
    expect(differences).toEqual([expect.stringMatching(/^step \S+\.2 at/)]);
  });
});
