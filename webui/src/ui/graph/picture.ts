/** A node as it is drawn, within another one or in the graph itself. */
export interface GraphNode {
  id: string;
  name: string;
  type: string;
  within: string | null;
}

/** What may follow what; chosen where it is one of several ways. */
export interface GraphEdge {
  from: string;
  to: string;
  chosen: boolean;
}

/** Where a node is and what may follow it, for those who do not see the lines. */
export function aroundWords(
  { id, within }: GraphNode,
  nodes: readonly GraphNode[],
  edges: readonly GraphEdge[],
): string {
  const out = edges.filter(({ from }) => from === id);
  const names = out.map(({ to }) => nodes.find((node) => node.id === to)?.name ?? to);
  const inside = within === null ? "" : `, within ${within}`;
  if (names.length === 0) return inside;
  return `${inside}, leads to ${names.join(out.some(({ chosen }) => chosen) ? " or " : " and ")}`;
}
