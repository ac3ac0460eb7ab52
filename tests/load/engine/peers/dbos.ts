import { type Contender, PAYLOAD, STEPS } from "../contender.ts";
import { need } from "./need.ts";

interface Dbos {
  DBOS: {
    setConfig(config: object): void;
    registerWorkflow(work: () => Promise<void>, options: object): () => Promise<void>;
    runStep(work: () => Promise<string>, options: object): Promise<string>;
    launch(): Promise<void>;
    shutdown(): Promise<void>;
  };
}

/** A workflow called in the process that executes it: DBOS's shortest way. The result of each step is durable before the next. */
export async function openDbos(url: string): Promise<Contender> {
  const { DBOS } = need<Dbos>("@dbos-inc/dbos-sdk");
  DBOS.setConfig({ name: "load", systemDatabaseUrl: url, logLevel: "error", runAdminServer: false });
  const run = DBOS.registerWorkflow(
    async () => {
      for (let i = 1; i <= STEPS; i += 1) await DBOS.runStep(async () => PAYLOAD, { name: `step${i}` });
    },
    { name: "ten" },
  );
  await DBOS.launch();
  return { run: () => run(), close: () => DBOS.shutdown() };
}
