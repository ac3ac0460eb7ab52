import { graph } from "@soma/sdk/graph";
import { wait } from "@soma/sdk/wait";
import { until } from "@soma/shared/testing/until";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkerProcess } from "../commands/kill-worker.ts";
import { DEMO_RUNS } from "../domain/demo-runs.ts";
import { findRunsOf } from "../store/find-runs-of.ts";
import { startRunsApi } from "../testing/api.ts";
import { createEngineHarness, type EngineHarness } from "../testing/engine.ts";

let release: (() => void)[] = [];
const holds = graph("holds", 1, {})
  .node("before", { type: "tool", run: () => ({ summary: "done" }) })
  .node("held", {
    type: "tool",
    run: (_state, { signal }) =>
      new Promise((done) => {
        const end = (): void => done({ summary: "done" });
        signal.addEventListener("abort", end);
        release.push(end);
      }),
  })
  .edge("before", "held")
  .build(() => "");
const rests = graph("rests", 1, {})
  .node(
    "wait",
    wait((_state, { now }) => new Date(now().getTime() + 3_600_000)),
  )
  .build(() => "");

const OPERATOR = ["assistant", "operator"];
const FIELDS =
  "isReady runsInHand deaths lastDeath { runs { id } runCount waitingCount lostCount repeatedCount backAfterMs }";
const ASK = `{ firstMinutes { worker { ${FIELDS} } demoRuns { shows run { graph } } } }`;
const kill = (key: string): string =>
  `mutation { killWorker(input: { idempotencyKey: "${key}" }) { worker { ${FIELDS} } } }`;

/** A worker of the harness, as a process that may be killed. */
async function asProcess(harness: EngineHarness): Promise<WorkerProcess> {
  const worker = await harness.startWorker();
  const runs = () => findRunsOf(harness.database.worker, { workerId: worker.life.workerId });
  let death: ReturnType<WorkerProcess["lastDeath"]>;
  return {
    isReady: () => death === undefined,
    runs,
    deaths: () => (death === undefined ? 0 : 1),
    lastDeath: () => death,
    async kill() {
      await worker.kill();
      death = { at: new Date(), held: await runs() };
    },
  };
}

describe("the first minutes in the API", () => {
  let harness: EngineHarness;
  let workerProcess: WorkerProcess;
  let api: Awaited<ReturnType<typeof startRunsApi>>;
  // biome-ignore lint/suspicious/noExplicitAny: answers of ad hoc documents
  let ask: (query: string, tenant?: string, roles?: string[]) => Promise<any>;
  beforeEach(async () => {
    release = [];
    harness = await createEngineHarness([holds, rests]);
    workerProcess = await asProcess(harness);
    api = await startRunsApi(harness, [holds, rests], undefined, workerProcess);
    ask = (query, tenant = "acme", roles = OPERATOR) => api.ask(query, tenant, roles);
  });
  afterEach(async () => {
    for (const each of release) each();
    await api.close();
    await harness.close();
  });

  it("killWorker() tells what was in hand, and the numbers follow what the histories say of it", async () => {
    const { runId } = await harness.start({ graph: "holds" });
    const parked = await harness.start({ graph: "rests" });
    await until("it is parked", async () => (await harness.find(parked.runId))?.status === 2);
    await until("a step is under way", async () => release.length === 1);
    expect((await ask(ASK)).data.firstMinutes.worker).toMatchObject({ isReady: true, runsInHand: 1, lastDeath: null });
    const killed = (await ask(kill("k"))).data.killWorker.worker;
    const toll = { runs: [{ id: runId }], runCount: 1, lostCount: 0, repeatedCount: 0 };
    expect(killed).toMatchObject({ isReady: false, deaths: 1 });
    expect(killed.lastDeath).toEqual({ ...toll, waitingCount: 1, backAfterMs: null });

    await harness.startWorker();
    await until("another worker has it", async () => release.length === 2);
    release[1]?.();
    await harness.finished(runId);
    const { lastDeath } = (await ask(ASK)).data.firstMinutes.worker;
    expect(lastDeath).toEqual({ ...toll, waitingCount: 0, backAfterMs: expect.any(Number) });
    expect(lastDeath.backAfterMs).toBeGreaterThan(0);
    expect((await ask(ASK, "globex")).data.firstMinutes.worker.lastDeath).toMatchObject({ runs: [], runCount: 0 });
  });

  it("count a run as lost whose recorded result is gone, and a step that ended twice as repeated", async () => {
    const { runId } = await harness.start({ graph: "holds" });
    await until("a step is under way", async () => release.length === 1);
    await ask(kill("k"));
    const { owner } = harness.database;
    const again = "step, node, node_type, attempt, at, payload, payload_hash, hash from journal where run_id";
    await owner`insert into journal (run_id, seq, tenant, epoch, branch, kind, step, node, node_type, attempt, at, payload, payload_hash, hash)
      select run_id, 900, tenant, epoch, branch, kind, ${owner.unsafe(again)} = ${runId} and kind = 11`;
    expect((await ask(ASK)).data.firstMinutes.worker.lastDeath).toMatchObject({ lostCount: 0, repeatedCount: 1 });
    await owner`delete from journal where run_id = ${runId} and seq = (select max(seq) from journal where run_id = ${runId} and seq < 900)`;
    expect((await ask(ASK)).data.firstMinutes.worker.lastDeath).toMatchObject({ lostCount: 1, repeatedCount: 1 });
  });

  it("show the runs that the first start made, of the viewer's tenant alone", async () => {
    await harness.start({ graph: "rests", idempotencyKey: DEMO_RUNS.DENIED });
    expect((await ask(ASK)).data.firstMinutes.demoRuns).toEqual([{ shows: "DENIED", run: { graph: "rests" } }]);
    expect((await ask(ASK, "globex")).data.firstMinutes.demoRuns).toEqual([]);
  });

  it("are for operators, and kill nothing for anybody else", async () => {
    const asked = await ask(ASK, "acme", ["assistant"]);
    expect(asked).toMatchObject({ data: { firstMinutes: null }, errors: [{ extensions: { code: "FORBIDDEN" } }] });
    expect(await ask(kill("k"), "acme", ["assistant"])).toMatchObject({
      errors: [{ extensions: { code: "FORBIDDEN" } }],
    });
    expect(await ask(kill(""))).toMatchObject({ errors: [{ extensions: { code: "BAD_INPUT" } }] });
    expect(workerProcess.deaths()).toBe(0);
  });

  it("are null where no worker process may be killed, and killWorker() is refused there", async () => {
    const plain = await startRunsApi(harness, [holds]);
    expect(await plain.ask(ASK, "acme", OPERATOR)).toEqual({ data: { firstMinutes: null } });
    expect(await plain.ask(kill("k"), "acme", OPERATOR)).toMatchObject({
      errors: [{ message: expect.stringContaining("no worker process to kill"), extensions: { code: "NOT_FOUND" } }],
    });
    await plain.close();
  });
});
