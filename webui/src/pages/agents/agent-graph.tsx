import type { AgentDetailQuery } from "@soma/graphql/operations";
import { type ReactNode, useMemo } from "react";
import { Graph, NODE_CLASS, NodeFace } from "../../ui/graph/graph.tsx";
import { layOut } from "../../ui/graph/graph-layout.ts";
import { ScrollPart } from "../../ui/scroll-part.tsx";
import { useWide, WIDER } from "../../ui/use-wide.ts";
import styles from "./agent-graph.module.css";

type Picture = NonNullable<AgentDetailQuery["graph"]>["picture"];

/** The graph of an agent, as it is drawn of its runs; nothing of it has been reached. */
export function AgentGraph({ picture: { nodes, edges } }: { picture: Picture }): ReactNode {
  const layout = useMemo(() => layOut(nodes, edges), [nodes, edges]);
  const { part, isWide } = useWide<HTMLElement>();
  const isChosen = edges.some(({ chosen }) => chosen);
  return (
    <>
      {isWide ? <p className={styles.legend}>{WIDER}</p> : null}
      <ScrollPart ref={part} className={styles.scroller} label="Drawing of the graph" data-wide={isWide}>
        <Graph
          {...{ nodes, edges, layout }}
          draw={(node, around) => (
            <div className={`${NODE_CLASS} ${styles.box}`}>
              <NodeFace node={node} around={around} />
            </div>
          )}
        />
      </ScrollPart>
      {isChosen ? <p className={styles.legend}>dashed: one of several ways</p> : null}
    </>
  );
}
