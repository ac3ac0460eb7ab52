import { graph } from "@soma/sdk/graph";
import { readSettings } from "@soma/shared/config";
import { newId } from "@soma/shared/ids";
import { createSilentLog } from "@soma/shared/log";
import { transaction } from "@soma/shared/postgres/transaction";
import { createChildren } from "../../engine/execute/children.ts";
import { createRunContext } from "../../engine/execute/run-context.ts";
import { runLimitSettings } from "../../engine/execute/run-limits.ts";
import { recordsOf } from "../../engine/execute/run-records.ts";
import { createGraphRegistry } from "../../engine/graphs/graph-registry.ts";
import { commitsOf } from "../../engine/journal/commits.ts";
import { appendSignal } from "../../store/append-signal.ts";
import { claimRuns } from "../../store/claim-runs.ts";
import { registerWorker } from "../../store/register-worker.ts";
import { releaseRuns } from "../../store/release-runs.ts";
import { requestCancel } from "../../store/request-cancel.ts";
import { requestPause } from "../../store/request-pause.ts";
import { takeOverWorker } from "../../store/take-over-worker.ts";
import { createEngineHarness } from "../engine.ts";
import { type StoreLife, storeContract } from "./store.contract.ts";

const only = graph("only", 1, {})
  .node("only", { type: "tool", run: () => ({ summary: "" }) })
  .build(() => "");
const LEASE_MS = 3_600_000;

storeContract("Postgres", async () => {
  const harness = await createEngineHarness([only]);
  const { worker, owner: admin } = harness.database;
  const graphs = createGraphRegistry([only]);
  const limits = readSettings(runLimitSettings, {});
  const log = createSilentLog();
  const send = (runId: string, name: string, payload: null | { approved: boolean }) =>
    transaction(worker, {}, (tx) =>
      appendSignal(tx, { runId, tenant: "acme", name, payload, sentBy: "bob", idemKey: newId(), idemDigest: "" }),
    );
  return {
    start: async () => (await harness.start({ graph: "only" })).runId,
    async live(): Promise<StoreLife> {
      const life = await registerWorker(worker, { workerId: newId(), slots: 100, build: "test", leaseMs: LEASE_MS });
      return {
        ports: { ...commitsOf({ commits: worker, projects: worker }, life), ...recordsOf(worker) },
        claim: () => claimRuns(worker, { owner: life, graphs: graphs.pins(), slots: 100 }),
        release: (run) => releaseRuns(worker, { owner: life, runs: [run] }),
        isTakenOver: () => takeOverWorker(worker, life),
      };
    },
    startChild(_life, run, call) {
      const context = createRunContext({ run, services: () => ({}) as never, log, now: () => new Date() });
      const children = createChildren({ sql: worker, graphs, limits, mayDelegate: () => true }, context);
      return children.start({ graph: "only", input: { text: "hello" } }, { step: 1, call, until: null });
    },
    signal: async (runId, name) => void (await send(runId, name, null)),
    decide: async (runId, name) => void (await send(runId, name, { approved: true })),
    cancel: (runId, reason) => transaction(admin, {}, (tx) => requestCancel(tx, { runId, reason })),
    pause: (runId, pause) => transaction(admin, {}, (tx) => requestPause(tx, { runId, pause })),
    async status(runId) {
      const [row] = await admin<{ status: number }[]>`select status from run where run_id = ${runId}`;
      return row?.status ?? -1;
    },
    close: () => harness.close(),
  };
});
