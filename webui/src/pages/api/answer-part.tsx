import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useEffect, useRef } from "react";
import { toBytes, toCount, toLatency } from "../../ui/words.ts";
import styles from "./api-page.module.css";
import { CodeEditor } from "./code-editor.tsx";
import { ANSWER_VIEWER } from "./editor-kinds.ts";
import type { Outcome } from "./use-operation.ts";

const NEAREST = { block: "nearest" } as const;

/** What was answered, how long it took, and what did not go well. */
export function AnswerPart({ outcome, fault }: { outcome: Outcome | undefined; fault: string }): ReactNode {
  const text = outcome?.answers.join("\n\n") ?? "";
  const why = fault === "" ? outcome?.fault : fault;
  const part = useRef<HTMLElement>(null);
  const hasAnswer = (outcome?.count ?? 0) > 0;
  // Where it is narrow it stands below what was asked.
  useEffect(() => {
    if (hasAnswer) part.current?.scrollIntoView(NEAREST);
  }, [hasAnswer]);
  useEffect(() => {
    if (why !== undefined) part.current?.scrollIntoView(NEAREST);
  }, [why]);
  return (
    <section ref={part} className={styles.pane} aria-labelledby="api-answer">
      <div className={styles.paneHead}>
        <h2 id="api-answer">Answer</h2>
        <span role="status">{outcome === undefined ? "" : outcomeWords(outcome, text)}</span>
      </div>
      {why === undefined ? null : (
        <p role="alert" className={styles.fault}>
          {showHidden(why)}
        </p>
      )}
      <CodeEditor label="Answer" text={showHidden(text)} extensions={ANSWER_VIEWER} />
    </section>
  );
}

function outcomeWords({ isRunning, count, hasErrors, ms }: Outcome, text: string): string {
  if (count === 0) return isRunning ? "Asking…" : "No answer";
  const how = hasErrors ? "With errors" : "Answered";
  const many = count > 1 ? `, ${toCount(count)} answers, the newest first` : "";
  const goesOn = isRunning ? ", goes on" : "";
  return `${how} in ${toLatency(ms)}, ${toBytes(new TextEncoder().encode(text).length)}${many}${goesOn}`;
}
