import { KillWorkerDocument, SampleRunDocument, StartRunDocument } from "@soma/graphql/operations";
import { type ReactNode, useEffect, useState } from "react";
import { Link } from "wouter";
import { newIdempotencyKey } from "../../graphql/idempotency-key.ts";
import { toProblem } from "../../graphql/to-problem.ts";
import { useIdempotencyKey } from "../../graphql/use-idempotency-key.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import { useQuery } from "../../graphql/use-query.ts";
import { runPath } from "../../place.ts";
import { type Problem, ProblemNote } from "../../ui/problem-note.tsx";
import { toCount, toLatency } from "../../ui/words.ts";
import { SCRIPTED } from "./samples.ts";
import type { Worker } from "./use-first-minutes.ts";
import styles from "./welcome.module.css";

/** Long enough to be killed in the middle. */
const SLOW = "Run code: await sleep(2500); console.log('still here')";

const ASK_MS = 200;
/** A run begins within a moment. */
const PATIENCE_MS = 10_000;
const TOO_LATE = {
  message: "the run that was to be interrupted did not begin within ten seconds; try again",
  ...{ code: null, traceId: null, retryable: true },
};

interface KillPanelProps {
  worker: Worker;
  /** Asks how the worker is now, and often for a while. */
  ask(): void;
}

/** A button that kills the worker process, beside what became of its runs. */
export function KillPanel({ worker, ask }: KillPanelProps): ReactNode {
  const { kill, doing, problem } = useKill(ask);
  const able = worker.isReady && doing === undefined;
  const hint =
    doing ??
    (worker.isReady
      ? `The worker is ready${worker.runsInHand === 0 ? "" : ` and has ${runs(worker.runsInHand)} in hand`}.`
      : "The worker is starting again; until then the server does its work.");
  return (
    <section aria-labelledby="kill">
      <h2 id="kill">Kill the worker</h2>
      <p>
        A process beside the server executes the runs. The button starts a run, and ends that process in its middle, as{" "}
        <code>kill -9</code> does. The numbers are counted from the histories of the runs it had in hand.
      </p>
      <div className={styles.kill}>
        {/* Not disabled: it would lose the focus. */}
        <button type="button" className={styles.danger} aria-disabled={!able} onClick={() => void (able && kill())}>
          Kill the worker now
        </button>
        <Toll death={worker.lastDeath ?? undefined} />
      </div>
      <p className={styles.hint}>{hint}</p>
      {problem === undefined ? null : <ProblemNote what="The worker was not killed." problem={problem} />}
    </section>
  );
}

function Toll({ death }: { death: NonNullable<Worker["lastDeath"]> | undefined }): ReactNode {
  const back = death?.backAfterMs;
  const unknown = death === undefined || death.waitingCount > 0;
  const [first] = death?.runs ?? [];
  return (
    <>
      <dl className={styles.toll} aria-live="polite" data-waiting={death?.waitingCount}>
        <div data-bad={(death?.lostCount ?? 0) > 0}>
          <dt>lost</dt>
          <dd>{unknown ? "–" : toCount(death.lostCount)}</dd>
        </div>
        <div data-bad={(death?.repeatedCount ?? 0) > 0}>
          <dt>repeated</dt>
          <dd>{unknown ? "–" : toCount(death.repeatedCount)}</dd>
        </div>
        <div>
          <dt>back after</dt>
          <dd>{back === null || back === undefined ? "–" : toLatency(back)}</dd>
        </div>
      </dl>
      {death === undefined ? null : first === undefined ? (
        <span>It had no run in hand.</span>
      ) : (
        <Link href={runPath(first.id)}>
          {death.runCount === 1 ? "See the run" : `See one of the ${death.runCount} runs`}
        </Link>
      )}
    </>
  );
}

function runs(count: number): string {
  return count === 1 ? "one run" : `${toCount(count)} runs`;
}

/** Starts a run, waits until it is under way, and kills its worker. */
function useKill(ask: () => void) {
  const startRun = useMutation(StartRunDocument);
  const killWorker = useMutation(KillWorkerDocument);
  const { keyFor, done } = useIdempotencyKey();
  const [doing, setDoing] = useState<"Starting a run…" | "Killing the worker…">();
  const [runId, setRunId] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const [{ data }, look] = useQuery(SampleRunDocument, { id: runId ?? "" }, { pause: runId === undefined });
  const end = (found: Problem | undefined): void => {
    setRunId(undefined);
    setDoing(undefined);
    setProblem(found);
    ask();
  };

  const isUnderWay = runId !== undefined && data?.run?.id === runId && data.run.status === "RUNNING";
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the run that was started is under way
  useEffect(() => {
    if (!isUnderWay) return;
    setDoing("Killing the worker…");
    const input = { idempotencyKey: newIdempotencyKey() };
    void killWorker({ input }).then(({ error }) => end(toProblem(error)));
  }, [isUnderWay]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks anew for as long as it waits
  useEffect(() => {
    if (runId === undefined || isUnderWay) return;
    const asking = setInterval(() => look({ requestPolicy: "network-only" }), ASK_MS);
    const late = setTimeout(() => end(TOO_LATE), PATIENCE_MS);
    return () => {
      clearInterval(asking);
      clearTimeout(late);
    };
  }, [runId, isUnderWay]);

  const kill = async (): Promise<void> => {
    setDoing("Starting a run…");
    const input = { graph: "assistant", input: { text: SLOW }, modelProfile: SCRIPTED };
    const { data: started, error } = await startRun({ input: { ...input, idempotencyKey: keyFor("") } });
    if (started === undefined || error !== undefined) return end(toProblem(error));
    done();
    setRunId(started.startRun.run.id);
  };
  return { kill, doing, problem };
}
