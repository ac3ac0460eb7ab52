import { type AnyGraph, isBranching } from "@soma/sdk/graph";
import type { Step } from "./steps.ts";

/** A node of a graph, or of a graph within it, and how the steps of a run came out there. */
interface PictureNode {
  /** Where it stands: `fetch`, `each[*]/fetch` in the branches of a list, `both[news]/fetch` in one with a name. */
  id: string;
  name: string;
  type: string;
  /** The node it is in. */
  within: string | null;
  /** Of its steps the one that needs eyes most; null while it has none. */
  status: Step["status"] | null;
  steps: number;
}

interface PictureEdge {
  from: string;
  to: string;
  /** The graph chooses among several. */
  chosen: boolean;
}

export interface RunPicture {
  nodes: PictureNode[];
  edges: PictureEdge[];
  mermaid: string;
}

/** The graph of a run with where the run stands in it. */
export function drawRun(graph: AnyGraph, steps: readonly Step[]): RunPicture {
  const nodes = new Map<string, PictureNode>();
  const edges: PictureEdge[] = [];
  addGraph({ nodes, edges }, graph, "", null);
  for (const step of steps) {
    const node = nodes.get(placeOf(step.nodeId, nodes));
    if (node === undefined) continue;
    node.steps += 1;
    node.status = louder(node.status, step.status);
  }
  const all = [...nodes.values()];
  return { nodes: all, edges, mermaid: toMermaid(all, edges) };
}

interface Drawing {
  nodes: Map<string, PictureNode>;
  edges: PictureEdge[];
}

function addGraph(drawing: Drawing, graph: AnyGraph, path: string, within: string | null): void {
  for (const name of graph.nodeIds) {
    const id = `${path}${name}`;
    const spec = graph.node(name);
    drawing.nodes.set(id, { id, name, type: spec.type, within, status: null, steps: 0 });
    const next = graph.following(name);
    for (const to of next) drawing.edges.push({ from: id, to: `${path}${to}`, chosen: next.length > 1 });
    if (!isBranching(spec)) continue;
    for (const [key, inner] of Object.entries(spec.graphs))
      addGraph(drawing, inner, key === "" ? `${id}/` : `${id}[${key}]/`, id);
  }
}

/** Where the step of a run is drawn: the branches of a list are one. */
function placeOf(nodeId: string, nodes: ReadonlyMap<string, PictureNode>): string {
  let place = "";
  for (const part of nodeId.split("/")) {
    const at = place === "" ? part : `${place}/${part}`;
    const name = part.replace(/\[.*$/, "");
    const isNamed = part === name || [...nodes.keys()].some((id) => id.startsWith(`${at}/`));
    place = isNamed ? at : `${at.slice(0, at.length - part.length)}${name}[*]`;
  }
  return place;
}

const LOUDEST: readonly Step["status"][] = ["RUNNING", "FAILED", "CANCELED", "DENIED", "SUCCEEDED"];

function louder(before: PictureNode["status"], now: Step["status"]): Step["status"] {
  return before === null || LOUDEST.indexOf(now) < LOUDEST.indexOf(before) ? now : before;
}

const STYLES: Readonly<Record<Step["status"], string>> = {
  RUNNING: "stroke-width:3px",
  FAILED: "stroke:#b3261e,stroke-width:3px",
  CANCELED: "stroke-dasharray:4",
  DENIED: "stroke:#b3261e,stroke-dasharray:4",
  SUCCEEDED: "stroke:#2e7d32",
};

/** Mermaid flowchart; what is chosen is a dotted line. */
function toMermaid(nodes: readonly PictureNode[], edges: readonly PictureEdge[]): string {
  const lines = ["flowchart TD", ...linesWithin(nodes, null, "  ")];
  for (const { from, to, chosen } of edges) lines.push(`  ${keyOf(from)} ${chosen ? "-.->" : "-->"} ${keyOf(to)}`);
  for (const [status, style] of Object.entries(STYLES)) lines.push(`  classDef ${status.toLowerCase()} ${style}`);
  for (const { id, status } of nodes) if (status !== null) lines.push(`  class ${keyOf(id)} ${status.toLowerCase()}`);
  return `${lines.join("\n")}\n`;
}

function linesWithin(nodes: readonly PictureNode[], within: string | null, indent: string): string[] {
  return nodes
    .filter((node) => node.within === within)
    .flatMap(({ id, name, type, steps }) => {
      const label = `${name}${name === type ? "" : ` (${type})`}${steps > 1 ? ` × ${steps}` : ""}`;
      const inside = linesWithin(nodes, id, `${indent}  `);
      if (inside.length === 0) return [`${indent}${keyOf(id)}["${label}"]`];
      return [`${indent}subgraph ${keyOf(id)}["${label}"]`, ...inside, `${indent}end`];
    });
}

/** Mermaid takes words as ids, and keeps `end` for itself. */
function keyOf(id: string): string {
  return `n_${id.replaceAll("[*]", "").replaceAll(/[^A-Za-z0-9_]/g, "_")}`;
}
