import { RunPictureDocument } from "@soma/graphql/operations";
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useQuery } from "../../graphql/use-query.ts";
import type { StepView } from "../../run-log/view.ts";
import { Graph } from "../../ui/graph/graph.tsx";
import { type GraphLayout, layOut } from "../../ui/graph/graph-layout.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { Empty, Loading } from "../../ui/states.tsx";
import { useWide, WIDER } from "../../ui/use-wide.ts";
import { toCount } from "../../ui/words.ts";
import {
  createPlaces,
  type Direction,
  neighbourOf,
  type PictureEdge,
  type PictureNode,
  stateNodes,
} from "./graph-nodes.ts";
import styles from "./graph-view.module.css";
import { NodeBox } from "./node-box.tsx";

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
  return <StandingGraph {...props} nodes={picture.nodes} edges={picture.edges} />;
}

function StandingGraph(
  props: GraphViewProps & { nodes: readonly PictureNode[]; edges: readonly PictureEdge[] },
): ReactNode {
  const { nodes, edges, steps, step } = props;
  const layout = useMemo(() => layOut(nodes, edges), [nodes, edges]);
  const places = useMemo(() => createPlaces(nodes), [nodes]);
  const { states, strays } = useMemo(() => stateNodes(places, steps), [places, steps]);
  const shown = steps.find(({ number }) => number === step);
  const place = shown === undefined ? undefined : places(shown.nodeId);
  const open = nodes.find(({ id }) => id === place);
  const reached = nodes.filter(({ id }) => states.has(id)).length;
  const { part, isWide } = useWide<HTMLDivElement>();
  const { list, at, setAt, hear } = useWalk(layout, open?.id ?? nodes[0]?.id, props.onClose);
  return (
    <div className={styles.view}>
      <p className={styles.bar}>
        <span>
          {toCount(nodes.length)} {nodes.length === 1 ? "node" : "nodes"}, {toCount(reached)} reached
        </span>
        {strays === 0 ? null : <span>{toCount(strays)} steps are of nodes that this version does not have</span>}
        {isWide ? <span>{WIDER}</span> : null}
        <span className={styles.legend}>dashed box: not reached; dashed line: one of several ways</span>
      </p>
      <div ref={part} className={styles.scroller} data-wide={isWide}>
        <Graph
          {...{ nodes, edges, layout, list }}
          onKeyDown={hear}
          draw={(node, around) => (
            <NodeBox
              {...{ node, around }}
              state={states.get(node.id)}
              isStop={node.id === at}
              isOpen={node === open}
              onFocus={setAt}
              onOpen={props.onOpen}
            />
          )}
        />
      </div>
    </div>
  );
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
