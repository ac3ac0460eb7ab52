import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { stepPath } from "../../place.ts";
import type { ToolItem } from "../../run-log/view.ts";
import { CallArguments } from "../../run-parts/call-arguments.tsx";
import { DecisionWords } from "../../run-parts/decision-words.tsx";
import { LongText } from "../../run-parts/long-text.tsx";
import { Elapsed } from "../../ui/elapsed.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import { toLatency } from "../../ui/words.ts";
import styles from "./tool-card.module.css";

interface ToolCardProps {
  card: ToolItem;
  runId: string;
}

/**
 * One tool call: what was asked, what policy said, what came back. Drawn with an edge, so that output cannot pose as
 * the page.
 */
export function ToolCard({ card, runId }: ToolCardProps): ReactNode {
  const tool = showHidden(card.tool);
  return (
    <details className={styles.card} open data-status={card.status} data-tool={tool}>
      <summary>
        <span className={styles.name}>
          <span className={styles.kind}>tool</span> {tool}
        </span>
        <span className={styles.state}>
          {card.attempt > 1 ? <span className={styles.fact}>attempt {card.attempt}</span> : null}
          {card.latencyMs === null ? null : <span className={styles.fact}>{toLatency(card.latencyMs)}</span>}
          {card.status === "RUNNING" ? (
            <span className={styles.fact}>
              <Elapsed since={card.startedAt} />
            </span>
          ) : null}
          <StatusBadge status={card.status} />
        </span>
      </summary>
      <div className={styles.body}>
        {card.args === null ? null : (
          <div className={styles.row}>
            <span className={styles.label}>asked</span>
            <div className={styles.args}>
              <CallArguments label={`Arguments of ${tool}`} args={card.args} />
            </div>
          </div>
        )}
        {card.decision === null ? null : (
          <p className={styles.row}>
            <span className={styles.label}>policy</span>
            <Link className={styles.decision} href={stepPath(runId, card.stepNumber)}>
              <DecisionWords decision={card.decision} />
            </Link>
          </p>
        )}
        <Output card={card} />
        {card.note === null ? null : <p className={styles.note}>{showHidden(card.note)}</p>}
      </div>
    </details>
  );
}

function Output({ card: { output, status, tool } }: { card: ToolItem }): ReactNode {
  if (output !== "") return <LongText label={`Output of ${showHidden(tool)}`} text={output} />;
  return status === "RUNNING" ? <p className={styles.note}>No output yet</p> : null;
}
