import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useRef } from "react";
import { Link } from "wouter";
import { runPath } from "../../place.ts";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { StatusWord } from "../../ui/status.tsx";
import type { Sample } from "./samples.ts";
import { useSampleRun } from "./use-sample-run.ts";
import styles from "./welcome.module.css";

/** A sample agent: what it shows, a button that runs it, and how that goes. */
export function SampleCard({ sample }: { sample: Sample }): ReactNode {
  const { run, runId, isGoing, question, problem, start, decide } = useSampleRun(sample);
  const again = useRef<HTMLButtonElement>(null);
  return (
    <li className={styles.card}>
      <h3>{sample.title}</h3>
      <p>{sample.shows}</p>
      <p className={styles.label}>scripted: a set of rules, not an AI</p>
      <p className={styles.actions}>
        {/* Not disabled while it runs: it would lose the focus. */}
        <button ref={again} type="button" aria-disabled={isGoing} onClick={() => void (isGoing || start())}>
          {question !== undefined ? "Waits for you" : isGoing ? "Running…" : runId === undefined ? "Run" : "Run again"}
          <span className="visually-hidden"> {sample.title}</span>
        </button>
        {runId === undefined ? null : <Link href={runPath(runId)}>See every step</Link>}
      </p>
      {problem === undefined ? null : <ProblemNote what="It did not work." problem={problem} />}
      <div aria-live="polite">
        {run === undefined ? null : (
          <p className={styles.said}>
            <StatusWord status={run.status} quiet /> {run.answer === null ? null : showHidden(run.answer)}
          </p>
        )}
        {question === undefined ? null : (
          <p className={styles.actions}>
            <strong>{showHidden(question.question)}</strong>
            <LeavingButton next={again} onClick={() => void decide(question.id, true)}>
              Approve
            </LeavingButton>
            <LeavingButton next={again} onClick={() => void decide(question.id, false)}>
              Refuse
            </LeavingButton>
          </p>
        )}
      </div>
    </li>
  );
}
