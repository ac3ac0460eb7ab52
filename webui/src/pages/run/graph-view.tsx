import { RunPictureDocument } from "@soma/graphql/operations";
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useQuery } from "../../graphql/use-query.ts";
import type { StepView } from "../../run-log/view.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { Empty, Loading } from "../../ui/states.tsx";
import { toCount } from "../../ui/words.ts";
import { type GraphLayout, layOut } from "./graph-layout.ts";
import { GraphNode } from "./graph-node.tsx";
import {
  createPlaces,
  type Direction,
  neighbourOf,
  type PictureEdge,
  type PictureNode,
  stateNodes,
} from "./graph-nodes.ts";
import styles from "./graph-view.module.css";

interface GraphViewProps {
  runId: string;
  steps: readonly StepView[];
  /** Number of the step that is shown beside it. */
  step: number | undefined;
  onOpen(step: number): void;
  onClose(): void;
}

/** The graph of a run, with where the run stands in it: its shape is asked for once, how its nodes stand comes with the events. */
export function GraphView(props: GraphViewProps): ReactNode {
  const [{ data, error }, ask] = useQuery(RunPictureDocument, { id: props.runId }, { requestPolicy: "cache-first" });
  const picture = data?.run?.picture;
  if (error !== undefined)
    return (
      <div className={styles.notes}>
        <ProblemNote
          what="The graph could not be loaded."
          problem={toProblem(error)}
          onRetry={() => ask({ requestPolicy: "network-only" })}
        />
      </div>
    );
  if (data === undefined) return <Loading what="its graph" />;
  if (picture === undefined || picture === null)
    return (
      <div className={styles.notes}>
        <Empty lead="This server does not have the graph of the run in that version.">
          Its timeline and its events are there all the same.
        </Empty>
      </div>
    );
  return <Graph {...props} nodes={picture.nodes} edges={picture.edges} />;
}

function Graph(props: GraphViewProps & { nodes: readonly PictureNode[]; edges: readonly PictureEdge[] }): ReactNode {
  const { nodes, edges, steps, step } = props;
  const layout = useMemo(() => layOut(nodes, edges), [nodes, edges]);
  const places = useMemo(() => createPlaces(nodes), [nodes]);
  const { states, strays } = useMemo(() => stateNodes(places, steps), [places, steps]);
  const shown = steps.find(({ number }) => number === step);
  const place = shown === undefined ? undefined : places(shown.nodeId);
  const open = nodes.find(({ id }) => id === place);
  const reached = nodes.filter(({ id }) => states.has(id)).length;
  const { list, at, setAt, hear } = useWalk(layout, open?.id ?? nodes[0]?.id, props.onClose);
  return (
    <div className={styles.view}>
      <p className={styles.bar}>
        <span>
          {toCount(nodes.length)} {nodes.length === 1 ? "node" : "nodes"}, {toCount(reached)} reached
        </span>
        {strays === 0 ? null : <span>{toCount(strays)} steps are of nodes that this version does not have</span>}
        <span className={styles.legend}>dashed: not reached, or one of several ways</span>
      </p>
      <div className={styles.scroller}>
        <div className={styles.canvas} style={{ width: layout.width, height: layout.height }}>
          <Ways layout={layout} edges={edges} />
          <ol ref={list} className={styles.nodes} aria-label="Nodes of the graph" onKeyDown={hear}>
            {nodes.map((node) => (
              <GraphNode
                key={node.id}
                node={node}
                box={layout.boxes.get(node.id)}
                state={states.get(node.id)}
                next={edges.filter(({ from }) => from === node.id).map(({ to }) => nameOf(nodes, to))}
                isStop={node.id === at}
                isOpen={node === open}
                onFocus={setAt}
                onOpen={props.onOpen}
              />
            ))}
          </ol>
        </div>
      </div>
    </div>
  );
}

function nameOf(nodes: readonly PictureNode[], id: string): string {
  return nodes.find((node) => node.id === id)?.name ?? id;
}

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
};

/** One stop for the focus, from which the arrow keys lead to what is drawn beside it. */
function useWalk({ boxes }: GraphLayout, first: string | undefined, onClose: () => void) {
  const list = useRef<HTMLOListElement>(null);
  const [walked, setAt] = useState<string>();
  const at = walked ?? first;
  const goTo = (id: string | undefined): void => {
    if (id === undefined) return;
    setAt(id);
    list.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(id)}"]`)?.focus();
  };
  const hear = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || at === undefined) return;
    const direction = ARROWS[event.key];
    if (direction !== undefined) goTo(neighbourOf(boxes, at, direction));
    else if (event.key === "Home") goTo([...boxes.keys()][0]);
    else if (event.key === "End") goTo([...boxes.keys()].at(-1));
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  };
  return { list, at, setAt, hear };
}

/** Hidden from those who listen: each node says what follows it. */
function Ways({ layout, edges }: { layout: GraphLayout; edges: readonly PictureEdge[] }): ReactNode {
  const chosen = new Set(edges.filter((edge) => edge.chosen));
  return (
    <svg className={styles.ways} width={layout.width} height={layout.height} aria-hidden="true">
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
          data-chosen={chosen.has(arc as PictureEdge)}
          markerEnd="url(#graph-arrow)"
        />
      ))}
    </svg>
  );
}
