import type { RunSummaryFragment } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import { memo, type ReactNode, useEffect, useRef } from "react";
import { Link, useSearch } from "wouter";
import { stepPath } from "../../place.ts";
import { useRunLog } from "../../run-log/use-run-log.ts";
import type { StepView } from "../../run-log/view.ts";
import { DecisionWords } from "../../run-parts/decision-words.tsx";
import { useLiveWords } from "../../run-parts/use-live-words.ts";
import { Elapsed } from "../../ui/elapsed.tsx";
import { StatusWord } from "../../ui/status.tsx";
import { useTail } from "../../ui/use-tail.tsx";
import { toClock, toCount, toLatency } from "../../ui/words.ts";
import styles from "./step-panel.module.css";

/** More are on the page only when asked for. */
const SHOWN_STEPS = 300;

/** The steps of a run, as they happen; undefined while it is not known yet. */
export function StepPanel({ run }: { run: RunSummaryFragment | undefined }): ReactNode {
  const log = useRunLog(run?.id);
  const { stale, text } = useLiveWords(run?.id);
  const steps = log?.view.steps ?? [];
  return (
    <div className={styles.panel} data-stale={stale}>
      <div className={styles.head}>
        <h2>Steps</h2>
        {steps.length === 0 ? null : <span>{toCount(steps.length)}</span>}
      </div>
      {stale ? <p className={styles.hint}>{text}</p> : null}
      <StepList key={run?.id} steps={steps} runId={run?.id ?? ""} />
      {run === undefined ? null : <RunFacts run={run} recoveries={log?.view.recoveries ?? run.recoveries} />}
    </div>
  );
}

function StepList({ steps, runId }: { steps: readonly StepView[]; runId: string }): ReactNode {
  const { shown, note } = useTail(steps, SHOWN_STEPS);
  const named = new URLSearchParams(useSearch()).get("step");
  return (
    <>
      {note}
      <ol className={styles.steps}>
        {shown.map((step) => (
          <StepRow key={step.id} step={step} runId={runId} isNamed={named === String(step.number)} />
        ))}
      </ol>
    </>
  );
}

interface StepRowProps {
  step: StepView;
  runId: string;
  /** The address names it, so it comes into view. */
  isNamed: boolean;
}

const StepRow = memo(function StepRow({ step, runId, isNamed }: StepRowProps): ReactNode {
  const row = useRef<HTMLLIElement>(null);
  const node = showHidden(step.nodeId);
  useEffect(() => {
    if (isNamed) row.current?.scrollIntoView({ block: "center" });
  }, [isNamed]);
  return (
    <li
      ref={row}
      className={styles.step}
      data-status={step.status}
      data-step={step.number}
      aria-current={isNamed ? "step" : undefined}
    >
      <span className={styles.number}>{step.number}</span>
      <div className={styles.what}>
        <p className={styles.line}>
          <Link className={styles.node} href={stepPath(runId, step.number)} aria-label={`${node}, step ${step.number}`}>
            {node}
          </Link>
          {step.nodeType === step.nodeId ? null : <span className={styles.fact}>{showHidden(step.nodeType)}</span>}
          <StatusWord status={step.call ?? step.status} quiet />
        </p>
        {step.summary === "" || step.decision !== null ? null : (
          <p className={styles.summary}>{showHidden(step.summary)}</p>
        )}
        {step.decision === null ? null : (
          <p className={styles.summary}>
            <code>{showHidden(step.decision.tool)}</code> <DecisionWords decision={step.decision} />
          </p>
        )}
        {step.error === null || step.note !== null ? null : (
          <p className={styles.error}>{showHidden(step.error.message)}</p>
        )}
        {step.note === null ? null : <p className={styles.summary}>{showHidden(step.note)}</p>}
        <p className={styles.fact}>
          <time dateTime={step.startedAt}>{toClock(step.startedAt)}</time>
          {step.latencyMs === null ? null : ` · ${toLatency(step.latencyMs)}`}
          {step.status === "RUNNING" || step.status === "WAITING" ? (
            <>
              {" · "}
              <Elapsed since={step.startedAt} />
            </>
          ) : null}
          {` · attempt ${step.attempt}`}
        </p>
      </div>
    </li>
  );
});

function RunFacts({ run, recoveries }: { run: RunSummaryFragment; recoveries: number }): ReactNode {
  const facts: [string, string][] = [
    ["Run", run.id],
    ["Graph", run.graph],
    ["Role", run.role],
    ["Model profile", run.modelProfile],
    ["Recovered", recoveries === 0 ? "never" : recoveries === 1 ? "once" : `${toCount(recoveries)} times`],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([word, value]) => (
        <div key={word}>
          <dt>{word}</dt>
          <dd>{showHidden(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
