import { graph, replaced } from "@soma/sdk/graph";
import { until } from "@soma/shared/testing/until";
import { expect, it } from "vitest";
import { createEngineHarness } from "../testing/engine.ts";

const plain = graph("plain", 1, { told: replaced("") })
  .node("tell", { type: "tell", pure: true, run: () => ({ summary: "told", patch: { told: "told" } }) })
  .build(({ told }) => told);

it("a run that cannot be read waits longer each time before it is tried again, and goes on when it can be", async () => {
  const harness = await createEngineHarness([plain]);
  const { owner } = harness.database;
  const { runId } = await harness.start({ graph: "plain" });
  const [{ input } = { input: {} }] = await owner`select input from run where run_id = ${runId}`;
  const missing = JSON.stringify({ "soma:big": [["00".repeat(32), "text"]] });
  await owner`update run set input = ${missing}::text::jsonb where run_id = ${runId}`;
  const { life } = await harness.startWorker();
  const seen = async () => (await owner`select fruitless from run where run_id = ${runId}`)[0];
  await until("it was tried twice", async () => ((await seen())?.fruitless ?? 0) >= 2);
  // However long nobody can read it: what its worker could not begin did not end its worker.
  for (let tries = 0; tries < 10; tries += 1) {
    const { epoch } = (await owner`select epoch from run where run_id = ${runId}`)[0] ?? {};
    await owner`update run set available_at = clock_timestamp() where run_id = ${runId}`;
    await until("it was tried again", async () => {
      const [now] = await owner`select epoch, status from run where run_id = ${runId}`;
      return now?.epoch > epoch + 1 && now?.status === 0;
    });
  }
  await owner`update run set input = ${JSON.stringify(input)}::text::jsonb, available_at = clock_timestamp() where run_id = ${runId}`;
  await harness.finished(runId);
  expect((await harness.history(runId)).at(-1)?.payload).toEqual({ answer: "told" });
  await life.close();
  await harness.close();
});
