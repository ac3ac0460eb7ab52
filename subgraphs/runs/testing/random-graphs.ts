import { map, parallel, subgraph } from "@soma/sdk/branches";
import { type AnyGraph, appended, type BranchingNode, graph } from "@soma/sdk/graph";
import type { NodeSpec } from "@soma/sdk/node";
import { SomaError } from "@soma/shared/errors";

/** The same numbers for the same seed, each from 0 up to `below`. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below;
  };
}

export interface State {
  trail: string[];
}
type Random = (below: number) => number;

/** How often each effect was done, by run and step. */
export const done = new Map<string, number>();

const effect = (name: string): NodeSpec<State> => ({
  type: "tool",
  async run(_state, { run, stepId }) {
    await new Promise((resolve) => setImmediate(resolve));
    done.set(stepId, (done.get(stepId) ?? 0) + 1);
    return { summary: name, patch: { trail: [`${name} of ${run.runId.length}`] } };
  },
});
const pure = (name: string): NodeSpec<State> => ({
  ...{ type: "branch", pure: true },
  run: () => ({ summary: name, patch: { trail: [name] } }),
});
const stumbles = (name: string): NodeSpec<State> => ({
  type: "tool",
  retry: { maxAttempts: 3, initialMs: 1, maxMs: 1 },
  run(_state, { attempt }) {
    if (attempt === 1) throw new SomaError("TIMEOUT", "once");
    return { summary: name, patch: { trail: [name] } };
  },
});

/** A node made of a name, and what it adds to the trail of its run. */
export type Leaf = (name: string) => { node: NodeSpec<State>; trail: readonly string[] };

const LEAVES: readonly Leaf[] = [
  (name) => ({ node: effect(name), trail: [`${name} of 36`] }),
  (name) => ({ node: pure(name), trail: [name] }),
  (name) => ({ node: stumbles(name), trail: [name] }),
];

/** A graph made of a seed, and the trail that its run has to leave. */
export function grow(
  name: string,
  random: Random,
  depth: number,
  leaves: readonly Leaf[] = LEAVES,
): { graph: AnyGraph; trail: string[] } {
  let builder = graph(name, 1, { trail: appended<string>() });
  const trail: string[] = [];
  const length = 1 + random(3);
  for (let index = 0; index < length; index += 1) {
    const id = `n${index}`;
    const kind = random(leaves.length + (depth > 0 ? 3 : 0));
    const label = `${name}-${index}`;
    const leaf = leaves[kind]?.(label);
    if (leaf === undefined) {
      const { node, trail: left } = branch(label, kind - leaves.length, { random, depth: depth - 1, leaves });
      builder = builder.node(id, node);
      trail.push(...left);
    } else {
      builder = builder.node(id, leaf.node);
      trail.push(...leaf.trail);
    }
    if (index > 0) builder = builder.edge(`n${index - 1}`, id);
  }
  return { graph: builder.build((state) => state.trail.join()), trail };
}

const MAX_ITEMS = 5;

/** A node with graphs in it: of two branches, of one for each of some items, or of a single one. */
function branch(
  label: string,
  kind: number,
  { random, depth, leaves }: { random: Random; depth: number; leaves: readonly Leaf[] },
): { node: BranchingNode<State>; trail: string[] } {
  const joined = (ends: readonly { trail: readonly string[] }[]) => ({
    summary: label,
    patch: { trail: ends.flatMap((end) => end.trail) },
  });
  const first = grow(`${label}-0`, random, depth, leaves);
  if (kind === 0) {
    const second = grow(`${label}-1`, random, depth, leaves);
    const branches = { b0: { graph: first.graph }, b1: { graph: second.graph } };
    const node = parallel({ branches, join: (ends) => joined(Object.values(ends)) });
    return { node, trail: [...first.trail, ...second.trail] };
  }
  if (kind === 1) {
    const items = Array.from({ length: random(MAX_ITEMS) }, (_, n) => n);
    const node = map({ over: () => items, graph: first.graph, start: () => ({}), limit: 3, join: joined });
    return { node, trail: items.flatMap(() => first.trail) };
  }
  return { node: subgraph({ graph: first.graph, join: (end) => joined([end]) }), trail: first.trail };
}
