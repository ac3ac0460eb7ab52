import { showHidden } from "@soma/schemas/hidden-characters";
import { type ReactNode, useMemo, useRef, useState } from "react";
import { toPlainOutput } from "../../markdown/plain-text.ts";
import type { DecisionView, ToolItem } from "../../run-log/view.ts";
import { Elapsed } from "../../ui/elapsed.tsx";
import { StatusShape } from "../../ui/icons.tsx";
import { LeavingButton } from "../../ui/leaving-button.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import { toBytes, toLatency } from "../../ui/words.ts";
import styles from "./tool-card.module.css";

/** More than this is not put on the page unasked: long outputs make every browser slow. */
const PREVIEW_CHARACTERS = 65_536;

/**
 * One tool call: what was asked, what policy said, what came back. Drawn with an edge, so that output cannot pose as
 * the page.
 */
export function ToolCard({ card }: { card: ToolItem }): ReactNode {
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
          <p className={styles.row}>
            <span className={styles.label}>asked</span>
            <code>{card.args === "" ? "{}" : showHidden(card.args)}</code>
          </p>
        )}
        {card.decision === null ? null : (
          <p className={styles.row}>
            <span className={styles.label}>policy</span>
            <DecisionWords decision={card.decision} />
          </p>
        )}
        <Output card={card} />
        {card.note === null ? null : <p className={styles.note}>{showHidden(card.note)}</p>}
      </div>
    </details>
  );
}

/** What policy said, with its reason. */
export function DecisionWords({ decision }: { decision: DecisionView }): ReactNode {
  return (
    <span className={decision.allow ? styles.allowed : styles.denied}>
      <StatusShape icon={decision.allow ? "check" : "shield"} />
      <span>
        {decision.allow ? "allowed" : "denied"}: {showHidden(decision.reason)}
      </span>
    </span>
  );
}

function Output({ card }: { card: ToolItem }): ReactNode {
  const [whole, setWhole] = useState(false);
  const output = useRef<HTMLElement>(null);
  const cut = !whole && card.output.length > PREVIEW_CHARACTERS;
  const text = useMemo(
    () => toPlainOutput(cut ? card.output.slice(0, PREVIEW_CHARACTERS) : card.output),
    [card.output, cut],
  );
  if (text === "") return card.status === "RUNNING" ? <p className={styles.note}>No output yet</p> : null;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls must be reachable by keyboard */}
      <figure ref={output} className={styles.output} tabIndex={0} aria-label={`Output of ${showHidden(card.tool)}`}>
        <pre>{text}</pre>
      </figure>
      {cut ? (
        <p className={styles.note}>
          Showing the first {toBytes(PREVIEW_CHARACTERS)} of {toBytes(card.output.length)}.{" "}
          <LeavingButton next={output} onClick={() => setWhole(true)}>
            Show all
          </LeavingButton>
        </p>
      ) : null}
    </>
  );
}
