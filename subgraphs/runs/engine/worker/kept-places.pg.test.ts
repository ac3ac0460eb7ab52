import { graph } from "@soma/sdk/graph";
import { aPrincipal } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RUN_STATUS } from "../../domain/run-status.ts";
import { createEngineHarness, type EngineHarness } from "../../testing/engine.ts";

const SLOTS = 16;

let held = 0;
const gate = Promise.withResolvers<void>();

const heavy = graph("heavy", 1, {})
  .node("holds", {
    type: "tool",
    async run() {
      held += 1;
      await gate.promise;
      return { summary: "done" };
    },
  })
  .build(() => "done");
const light = graph("light", 1, {})
  .node("work", { type: "tool", run: () => ({ summary: "done" }) })
  .build(() => "done");

describe("a worker of sixteen places, of which one tenant would take every one", () => {
  let harness: EngineHarness;
  beforeAll(async () => {
    harness = await createEngineHarness([heavy, light]);
  });
  afterAll(() => harness.close());

  it("runs those of another tenant to their end while the first holds what it may have", async () => {
    await harness.startWorker(SLOTS);
    const crowd = aPrincipal({ tenant: "crowd" });
    const runs = [];
    for (let i = 0; i < SLOTS + 4; i += 1) runs.push((await harness.start({ graph: "heavy" }, crowd)).runId);
    await until("one tenant holds all that it may", () => held === SLOTS - 1);
    for (let i = 0; i < 3; i += 1) {
      const { runId } = await harness.start({ graph: "light" }, aPrincipal({ tenant: "guest" }));
      expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
    }
    expect(held).toBe(SLOTS - 1);
    gate.resolve();
    for (const runId of runs) expect((await harness.finished(runId)).status).toBe(RUN_STATUS.SUCCEEDED.code);
  });
});
