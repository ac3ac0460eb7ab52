import { map, parallel, subgraph } from "@soma/sdk/branches";
import { type AnyGraph, appended, graph } from "@soma/sdk/graph";
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

interface State {
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

/** A graph made of a seed, and the trail that its run has to leave. */
export function grow(name: string, random: Random, depth: number): { graph: AnyGraph; trail: string[] } {
  let builder = graph(name, 1, { trail: appended<string>() });
  const trail: string[] = [];
  const length = 1 + random(3);
  for (let index = 0; index < length; index += 1) {
    const id = `n${index}`;
    const kind = random(depth > 0 ? 6 : 3);
    const label = `${name}-${index}`;
    const inner =
      kind < 3 ? [] : Array.from({ length: kind === 3 ? 2 : 1 }, (_, n) => grow(`${label}-${n}`, random, depth - 1));
    const joined = (ends: readonly { trail: readonly string[] }[]) => ({
      summary: label,
      patch: { trail: ends.flatMap((end) => end.trail) },
    });
    const [first] = inner;
    if (kind === 0) builder = builder.node(id, effect(label));
    else if (kind === 1) builder = builder.node(id, pure(label));
    else if (kind === 2 || first === undefined) builder = builder.node(id, stumbles(label));
    else if (kind === 3)
      builder = builder.node(
        id,
        parallel({
          branches: Object.fromEntries(inner.map((one, n) => [`b${n}`, { graph: one.graph }])),
          join: (ends) => joined(Object.values(ends)),
        }),
      );
    else if (kind === 4) {
      const items = Array.from({ length: random(5) }, (_, n) => n);
      builder = builder.node(
        id,
        map({ over: () => items, graph: first.graph, start: () => ({}), limit: 3, join: joined }),
      );
      trail.push(...items.slice(1).flatMap(() => first.trail));
      if (items.length === 0) inner.length = 0;
    } else builder = builder.node(id, subgraph({ graph: first.graph, join: (end) => joined([end]) }));
    trail.push(...(kind < 3 ? [kind === 0 ? `${label} of 36` : label] : inner.flatMap((one) => one.trail)));
    if (index > 0) builder = builder.edge(`n${index - 1}`, id);
  }
  return { graph: builder.build((state) => state.trail.join()), trail };
}
