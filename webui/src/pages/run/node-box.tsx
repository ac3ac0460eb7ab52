import type { ReactNode } from "react";
import { NODE_CLASS, NodeFace } from "../../ui/graph/graph.tsx";
import { STATUS, StatusWord } from "../../ui/status.tsx";
import { countWords, type NodeState, type PictureNode } from "./graph-nodes.ts";
import styles from "./graph-view.module.css";

interface NodeBoxProps {
  node: PictureNode;
  /** Where it is and what may follow it. */
  around: string;
  /** Undefined while no step has come there. */
  state: NodeState | undefined;
  /** Whether the focus comes here from outside. */
  isStop: boolean;
  isOpen: boolean;
  onFocus(id: string): void;
  onOpen(step: number): void;
}

/** A node as it stands; a press opens its newest step. */
export function NodeBox({ node, around, state, isStop, isOpen, onFocus, onOpen }: NodeBoxProps): ReactNode {
  return (
    <button
      type="button"
      className={`${NODE_CLASS} ${styles.box}`}
      tabIndex={isStop ? 0 : -1}
      data-node={node.id}
      data-status={state?.status}
      aria-disabled={state === undefined}
      aria-current={isOpen ? "true" : undefined}
      onFocus={() => onFocus(node.id)}
      onClick={() => state !== undefined && onOpen(state.newest)}
    >
      <NodeFace node={node} around={around}>
        <Standing state={state} />
      </NodeFace>
    </button>
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
