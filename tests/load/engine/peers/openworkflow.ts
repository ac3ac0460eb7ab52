import { type Contender, PAYLOAD, STEPS } from "../contender.ts";
import { need } from "./need.ts";

interface Step {
  run(options: { name: string }, work: () => string): Promise<string>;
}
interface OpenWorkflow {
  OpenWorkflow: new (options: {
    backend: unknown;
  }) => {
    defineWorkflow(
      spec: { name: string },
      work: (params: { input: { no: number }; step: Step }) => Promise<void>,
    ): { run(input: { no: number }): Promise<unknown> };
    newWorker(options: { concurrency: number }): { start(): Promise<void>; stop(): Promise<void> };
  };
}
interface OpenWorkflowPostgres {
  BackendPostgres: { connect(url: string): Promise<{ stop(): Promise<void> }> };
}

/**
 * A workflow of a worker that asks for runs by the clock. A caller of its own would ask each second whether a run has ended;
 * here it is told by the workflow itself, in the moment before its end is written.
 */
export async function openOpenWorkflow(url: string): Promise<Contender> {
  const { OpenWorkflow } = need<OpenWorkflow>("openworkflow");
  const { BackendPostgres } = need<OpenWorkflowPostgres>("openworkflow/postgres");
  const backend = await BackendPostgres.connect(url);
  const client = new OpenWorkflow({ backend });
  const ends = new Map<number, () => void>();
  const workflow = client.defineWorkflow({ name: "ten" }, async ({ input, step }) => {
    for (let i = 1; i <= STEPS; i += 1) await step.run({ name: `step${i}` }, () => PAYLOAD);
    ends.get(input.no)?.();
    ends.delete(input.no);
  });
  const worker = client.newWorker({ concurrency: 256 });
  await worker.start();
  let last = 0;
  return {
    async run() {
      last += 1;
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(last, resolve);
      await workflow.run({ no: last });
      await promise;
    },
    async close() {
      await worker.stop();
      await backend.stop();
    },
  };
}
