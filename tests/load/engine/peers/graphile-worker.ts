import { type Contender, PAYLOAD, STEPS } from "../contender.ts";
import { need } from "./need.ts";

interface Job {
  run: number;
  step: number;
  kept: string;
}
interface GraphileWorker {
  Logger: new (factory: () => () => void) => unknown;
  run(options: {
    connectionString: string;
    concurrency: number;
    maxPoolSize: number;
    noHandleSignals: true;
    logger: unknown;
    taskList: Record<
      string,
      (job: Job, helpers: { addJob(task: string, job: Job): Promise<unknown> }) => Promise<void>
    >;
  }): Promise<{ addJob(task: string, job: Job): Promise<unknown>; stop(): Promise<void> }>;
}

const CONCURRENCY = 32;

/**
 * A queue of jobs, which knows neither runs nor what a step gave: a run is a chain of ten jobs, each of which adds the next one
 * with what it keeps. The caller is told by the last job, in the moment before its end is written.
 */
export async function openGraphileWorker(url: string): Promise<Contender> {
  const { Logger, run } = need<GraphileWorker>("graphile-worker");
  const ends = new Map<number, () => void>();
  const runner = await run({
    connectionString: url,
    concurrency: CONCURRENCY,
    maxPoolSize: CONCURRENCY + 2,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
    taskList: {
      async step(job, { addJob }) {
        if (job.step < STEPS) {
          await addJob("step", { ...job, step: job.step + 1, kept: PAYLOAD });
          return;
        }
        ends.get(job.run)?.();
        ends.delete(job.run);
      },
    },
  });
  let last = 0;
  return {
    async run() {
      last += 1;
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(last, resolve);
      await runner.addJob("step", { run: last, step: 1, kept: PAYLOAD });
      await promise;
    },
    close: () => runner.stop(),
  };
}
