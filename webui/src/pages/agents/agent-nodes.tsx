import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import styles from "./agent-nodes.module.css";
import type { NodeRow } from "./node-rows.ts";

/** The graph of an agent as a list, in the order its nodes were declared: what each does, and what can follow it. */
export function AgentNodes({ rows }: { rows: readonly NodeRow[] }): ReactNode {
  return (
    <ol className={styles.nodes}>
      {rows.map(({ id, name, type, next, isChosen, within }) => (
        <li key={id}>
          <div className={styles.node}>
            <strong>{showHidden(name)}</strong>
            {type === name ? null : <span className={styles.type}>{showHidden(type)}</span>}
            <span className={styles.next}>
              {next.length === 0 ? "ends" : `→ ${next.join(isChosen ? " or " : ", ")}`}
            </span>
          </div>
          {within.length === 0 ? null : <AgentNodes rows={within} />}
        </li>
      ))}
    </ol>
  );
}
