import { showHidden } from "@soma/schemas/hidden-characters";
import type { KeyboardEvent, ReactNode, Ref } from "react";
import styles from "./graph.module.css";
import type { GraphLayout } from "./graph-layout.ts";
import { aroundWords, type GraphEdge, type GraphNode } from "./picture.ts";

interface GraphProps<Node extends GraphNode> {
  nodes: readonly Node[];
  edges: readonly GraphEdge[];
  /** Of these nodes and edges. */
  layout: GraphLayout;
  /** The box of a node, of the class NODE_CLASS, with its face in it. */
  draw(node: Node, around: string): ReactNode;
  list?: Ref<HTMLOListElement>;
  onKeyDown?(event: KeyboardEvent): void;
}

/** What the box of a node looks like. */
export const NODE_CLASS = styles.node;

/** A graph as one list of its nodes, over lines that only the eye needs. */
export function Graph<Node extends GraphNode>(props: GraphProps<Node>): ReactNode {
  const { nodes, edges, layout, draw, list, onKeyDown } = props;
  return (
    <div className={styles.canvas} style={{ width: toRem(layout.width), height: toRem(layout.height) }}>
      <Ways layout={layout} edges={edges} />
      <ol ref={list} className={styles.nodes} aria-label="Nodes of the graph" onKeyDown={onKeyDown}>
        {nodes.map((node) => {
          const box = layout.boxes.get(node.id);
          if (box === undefined) return null;
          const { x, y, width, height, holdsOthers } = box;
          const place = { left: toRem(x), top: toRem(y), width: toRem(width), height: toRem(height) };
          return (
            <li key={node.id} className={styles.place} style={place} data-holds={holdsOthers}>
              {draw(node, aroundWords(node, nodes, edges))}
            </li>
          );
        })}
      </ol>
    </div>
  );
}

/** A layout is for texts of the usual size, and grows with them. */
function toRem(length: number): string {
  return `${length / 16}rem`;
}

interface NodeFaceProps {
  node: GraphNode;
  around: string;
  /** What else is told of it. */
  children?: ReactNode;
}

/** What stands in the box of a node. */
export function NodeFace({ node: { name, type }, around, children }: NodeFaceProps): ReactNode {
  return (
    <>
      <span className={styles.name}>{showHidden(name)}</span>
      <span className={styles.facts}>
        {type === name ? null : <span>{showHidden(type)}</span>}
        {children}
      </span>
      <span className="visually-hidden">{showHidden(around)}</span>
    </>
  );
}

/** Hidden from those who listen: each node says what follows it. */
function Ways({ layout, edges }: { layout: GraphLayout; edges: readonly GraphEdge[] }): ReactNode {
  const chosen = new Set<object>(edges.filter((edge) => edge.chosen));
  return (
    <svg className={styles.ways} viewBox={`0 0 ${layout.width} ${layout.height}`} aria-hidden="true">
      <defs>
        <marker id="graph-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
          <path className={styles.arrow} d="M0 0.5 7.5 4 0 7.5Z" />
        </marker>
      </defs>
      {layout.ways.map(({ arc, d }) => (
        <path
          key={`${arc.from} ${arc.to}`}
          d={d}
          className={styles.way}
          data-chosen={chosen.has(arc)}
          markerEnd="url(#graph-arrow)"
        />
      ))}
    </svg>
  );
}
