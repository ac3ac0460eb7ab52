import { graph } from "@soma/sdk/graph";
import { runAgent } from "@soma/sdk/run-agent";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRunsApi } from "../testing/api.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

const one = graph("one", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "said", output: "secret" }) })
  .build(() => "secret");
const boss = graph("boss", 1, {})
  .node("delegates", runAgent({ graph: "one", input: () => ({ text: "x" }), done: () => ({ summary: "" }) }))
  .build(() => "");

describe("holds and erasure in the API", () => {
  let harness: EngineHarness;
  let api: Awaited<ReturnType<typeof startRunsApi>>;
  // biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
  let ask: (query: string, roles?: string[]) => Promise<any>;
  beforeAll(async () => {
    harness = await createEngineHarness([one, boss]);
    await harness.startWorker();
    api = await startRunsApi(harness, [one, boss]);
    ask = (query, roles = ["assistant", "custodian"]) => api.ask(query, "acme", roles);
  });
  afterAll(async () => {
    await api.close();
    await harness.close();
  });

  it("tell a custodian what keeps a run, and everybody that it was erased, with the words of what is left", async () => {
    const { runId } = await harness.start({ graph: "boss" });
    await harness.finished(runId);
    const why = `reason: "case 7", idempotencyKey: "k"`;
    const held = await ask(
      `mutation { holdRun(input: { runId: "${runId}", ${why} }) { hold { id reason heldAt releasedAt } } }`,
    );
    const { id } = held.data.holdRun.hold;
    const holds = `{ run(id: "${runId}") { holds { id heldBy releasedBy } } }`;
    expect((await ask(holds)).data.run.holds).toEqual([{ id, heldBy: "user:ada", releasedBy: null }]);
    expect(await ask(holds, ["assistant"])).toMatchObject({
      ...{ data: { run: { holds: null } }, errors: [{ extensions: { code: "FORBIDDEN" } }] },
    });
    const erase = `mutation { eraseRun(input: { runId: "${runId}", ${why} }) { run { id } forks { id } } }`;
    expect((await ask(erase)).errors).toMatchObject([{ message: expect.stringContaining("is held") }]);
    await ask(`mutation { releaseHold(input: { holdId: "${id}", ${why} }) { hold { releasedAt } } }`);
    expect((await ask(erase)).data.eraseRun).toEqual({ run: { id: runId }, forks: [] });

    const erasure = "erasure { reason erasedBy isDone }";
    const query = `{ run(id: "${runId}") { status input answer outcome { kind } ${erasure} children { ${erasure} answer }
      steps { nodes { status summary output } } }
      runEventsPage(runId: "${runId}", afterSeq: 0) { events { payload frame { __typename } } } }`;
    const { run, runEventsPage } = (await ask(query, ["assistant"])).data;
    const told = { reason: "case 7", erasedBy: "user:ada", isDone: true };
    expect(run).toEqual({
      ...{ status: "SUCCEEDED", input: { "soma:erased": true }, answer: null, outcome: null, erasure: told },
      children: [{ erasure: told, answer: null }],
      steps: { nodes: [{ status: "SUCCEEDED", summary: "erased", output: null }] },
    });
    for (const event of runEventsPage.events) expect(event).toEqual({ payload: { "soma:erased": true }, frame: null });
    const state = await ask(`{ run(id: "${runId}") { stateAt { seq } } }`);
    expect(state.errors).toMatchObject([{ extensions: { code: "ERASED" } }]);
  });
});
