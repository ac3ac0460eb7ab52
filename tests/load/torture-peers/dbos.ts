import type { PlannedRun } from "../../../infra/cli/torture/plan.ts";
import type { Ledger } from "../../../subgraphs/sdk/samples/torture/ledger/ledger.ts";
import { FIRST_PAUSE_MS, mayTryAgain, need, type Peer, TRIES, tryOnce } from "./peer.ts";

interface Dbos {
  DBOS: {
    setConfig(config: object): void;
    registerWorkflow<A, R>(work: (given: A) => Promise<R>, options: object): (given: A) => Promise<R>;
    runStep<R>(work: () => Promise<R>, options: object): Promise<R>;
    startWorkflow<A, R>(
      work: (given: A) => Promise<R>,
      options: { workflowID: string },
    ): (given: A) => Promise<{ getResult(): Promise<R> }>;
    launch(): Promise<void>;
  };
}

/** A workflow of one step for each run; `launch()` goes on with those that an earlier process of the same executor had begun. */
export async function openDbos(url: string, ledger: Ledger): Promise<Peer> {
  const { DBOS } = need<Dbos>("@dbos-inc/dbos-sdk");
  DBOS.setConfig({ name: "torture", systemDatabaseUrl: url, logLevel: "error", runAdminServer: false });
  const pay = DBOS.registerWorkflow(
    async (planned: PlannedRun): Promise<string> => {
      const step = () => DBOS.runStep(() => tryOnce(planned, ledger), stepOptions(planned));
      return mayTryAgain(planned) ? step() : step().catch(() => "unknown");
    },
    { name: "pay" },
  );
  await DBOS.launch();
  return {
    async run(planned, onTaken) {
      const handle = await DBOS.startWorkflow(pay, { workflowID: planned.order })(planned);
      onTaken();
      return handle.getResult();
    },
  };
}

function stepOptions(planned: PlannedRun): object {
  if (!mayTryAgain(planned)) return { name: "pay" };
  return { name: "pay", retriesAllowed: true, maxAttempts: TRIES, intervalSeconds: FIRST_PAUSE_MS / 1_000 };
}
