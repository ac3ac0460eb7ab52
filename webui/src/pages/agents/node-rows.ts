import type { AgentDetailQuery } from "@soma/graphql/operations";

type Picture = NonNullable<AgentDetailQuery["graph"]>["picture"];

/** A node of an agent as a line of a list, with those of the graph within it. */
export interface NodeRow {
  id: string;
  name: string;
  type: string;
  /** Names of the nodes that can follow; none of an end. */
  next: string[];
  /** Whether the graph chooses among them. */
  isChosen: boolean;
  within: NodeRow[];
}

/** The nodes of an agent in the order they were declared, those of graphs within them below them. */
export function toNodeRows({ nodes, edges }: Picture, within: string | null = null): NodeRow[] {
  const nameOf = (id: string): string => nodes.find((node) => node.id === id)?.name ?? id;
  return nodes
    .filter((node) => node.within === within)
    .map(({ id, name, type }) => {
      const out = edges.filter(({ from }) => from === id);
      return {
        ...{ id, name, type },
        next: out.map(({ to }) => nameOf(to)),
        isChosen: out.some(({ chosen }) => chosen),
        within: toNodeRows({ nodes, edges }, id),
      };
    });
}
