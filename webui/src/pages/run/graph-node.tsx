import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { STATUS, StatusWord } from "../../ui/status.tsx";
import type { Box } from "./graph-layout.ts";
import { countWords, type NodeState, type PictureNode } from "./graph-nodes.ts";
import styles from "./graph-view.module.css";

interface GraphNodeProps {
  node: PictureNode;
  box: Box | undefined;
  /** Undefined while no step has come there. */
  state: NodeState | undefined;
  /** Names of those that may follow it. */
  next: readonly string[];
  /** Whether the focus comes here from outside. */
  isStop: boolean;
  isOpen: boolean;
  onFocus(id: string): void;
  onOpen(step: number): void;
}

/** A node as it stands; a press opens its newest step. */
export function GraphNode(props: GraphNodeProps): ReactNode {
  const { node, box, state, isStop, isOpen, next, onFocus, onOpen } = props;
  if (box === undefined) return null;
  const { x, y, width, height, holdsOthers } = box;
  return (
    <li className={styles.place} style={{ left: x, top: y, width, height }} data-holds={holdsOthers}>
      <button
        type="button"
        className={styles.node}
        tabIndex={isStop ? 0 : -1}
        data-node={node.id}
        data-status={state?.status}
        aria-disabled={state === undefined}
        aria-current={isOpen ? "true" : undefined}
        onFocus={() => onFocus(node.id)}
        onClick={() => state !== undefined && onOpen(state.newest)}
      >
        <span className={styles.name}>{showHidden(node.name)}</span>
        <span className={styles.facts}>
          {node.type === node.name ? null : <span className={styles.type}>{showHidden(node.type)}</span>}
          <Standing state={state} />
        </span>
        <span className="visually-hidden">{aroundWords(node, next)}</span>
      </button>
    </li>
  );
}

function Standing({ state }: { state: NodeState | undefined }): ReactNode {
  if (state === undefined) return <span>not reached</span>;
  const words = countWords(state, STATUS[state.status].word);
  return (
    <>
      <StatusWord status={state.status} quiet />
      {words === "" ? null : <span>{words}</span>}
    </>
  );
}

function aroundWords({ within }: PictureNode, next: readonly string[]): string {
  const inside = within === null ? "" : `, within ${within}`;
  return showHidden(`${inside}${next.length === 0 ? "" : `, leads to ${next.join(" or ")}`}`);
}
