import { StepDetailDocument } from "@soma/graphql/operations";
import { type ReactNode, useState } from "react";
import { useSignInCommand } from "../../graphql/use-sign-in-command.ts";
import type { StepView } from "../../run-log/view.ts";
import { LongText } from "../../run-parts/long-text.tsx";
import { copiesOf, somaOf } from "./copy-as.ts";
import styles from "./inspector.module.css";

interface CopyAsProps {
  runId: string;
  step: StepView;
}

/** What the inspector asks, for those who ask without this page. */
export function CopyAs({ runId, step: { id, number } }: CopyAsProps): ReactNode {
  const soma = somaOf(useSignInCommand());
  const copies = copiesOf({
    document: StepDetailDocument.toString(),
    variables: { id },
    origin: location.origin,
    soma,
    command: `runs show ${runOf(id, runId)} --step ${number}`,
  });
  return (
    <section className={styles.section} aria-label="Copy as">
      <h3>Copy as</h3>
      {copies.map(({ name, text }) => (
        <Copy key={name} name={name} text={text} />
      ))}
    </section>
  );
}

/** Of a fork, a step before it is its origin's. */
function runOf(stepId: string, runId: string): string {
  const end = stepId.lastIndexOf(".");
  return end <= 0 ? runId : stepId.slice(0, end);
}

const SAID = { copied: "copied", refused: "select it below", not: "" } as const;

/** The text can be read and selected too: a browser may keep the clipboard from a page. */
function Copy({ name, text }: { name: string; text: string }): ReactNode {
  const [said, setSaid] = useState<keyof typeof SAID>("not");
  const [isShown, setShown] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      setSaid("refused");
      setShown(true);
    }
  };
  return (
    <div className={styles.copy}>
      <button type="button" onClick={() => void copy()}>
        Copy as {name}
      </button>
      <button type="button" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
        {isShown ? "Hide" : "Show"}
        <span className="visually-hidden"> {name}</span>
      </button>
      <output>{SAID[said]}</output>
      {isShown ? <LongText label={name} text={text} /> : null}
    </div>
  );
}
