/** A way from one node to another, by their ids. */
export interface Arc {
  from: string;
  to: string;
}

/** Nodes in layers, from what begins to what comes last. */
export interface Layers {
  /** Ids of nodes, and of the places where an arc passes a layer. */
  layers: string[][];
  /** The layer of each node, from 0. */
  ranks: ReadonlyMap<string, number>;
  /** What an arc leads through, its ends with it, by its place in the list; downwards, also where the arc leads back. */
  paths: string[][];
  /** Arcs that lead back to what was before, and those to the node itself. */
  back: ReadonlySet<Arc>;
}

/** Rounds of putting nodes where their neighbours are; more change nothing in graphs that people draw. */
const SWEEPS = 6;

/** Each node below all that lead to it, but for arcs that close a circle. */
export function toLayers(ids: readonly string[], arcs: readonly Arc[]): Layers {
  const back = backArcs(ids, arcs);
  const down = arcs.map((arc) => (back.has(arc) ? { from: arc.to, to: arc.from } : arc));
  const ranks = rankAll(ids, down);
  const depth = Math.max(-1, ...ranks.values()) + 1;
  const layers = Array.from({ length: depth }, (_, rank) => ids.filter((id) => ranks.get(id) === rank));
  const paths = down.map(({ from, to }, index) => passing({ from, to }, index, ranks, layers));
  sortLayers(layers, paths);
  return { layers, ranks, paths, back };
}

/** Arcs to a node that leads to them. */
function backArcs(ids: readonly string[], arcs: readonly Arc[]): Set<Arc> {
  const out = Map.groupBy(arcs, ({ from }) => from);
  const [back, done, under] = [new Set<Arc>(), new Set<string>(), new Set<string>()];
  const visit = (id: string): void => {
    if (done.has(id)) return;
    done.add(id);
    under.add(id);
    for (const arc of out.get(id) ?? []) {
      if (under.has(arc.to)) back.add(arc);
      else visit(arc.to);
    }
    under.delete(id);
  };
  for (const id of ids) visit(id);
  return back;
}

/** The longest way from a beginning; a node of a circle by itself is one. */
function rankAll(ids: readonly string[], down: readonly Arc[]): Map<string, number> {
  const into = Map.groupBy(
    down.filter(({ from, to }) => from !== to),
    ({ to }) => to,
  );
  const ranks = new Map<string, number>();
  const rank = (id: string): number => {
    const known = ranks.get(id);
    if (known !== undefined) return known;
    const above = (into.get(id) ?? []).map(({ from }) => rank(from) + 1);
    const own = Math.max(0, ...above);
    ranks.set(id, own);
    return own;
  };
  for (const id of ids) rank(id);
  return ranks;
}

/** A place in each layer that an arc passes. */
function passing({ from, to }: Arc, index: number, ranks: ReadonlyMap<string, number>, layers: string[][]): string[] {
  const [first, last] = [ranks.get(from) ?? 0, ranks.get(to) ?? 0];
  const places = [from];
  for (let rank = first + 1; rank < last; rank += 1) {
    // No node is called so: names of nodes have no space.
    const place = ` ${index} ${rank}`;
    layers[rank]?.push(place);
    places.push(place);
  }
  return [...places, to];
}

/** Puts each near the middle of what it is joined with, so that few arcs cross. */
function sortLayers(layers: string[][], paths: readonly string[][]): void {
  const [above, below] = [new Map<string, string[]>(), new Map<string, string[]>()];
  for (const path of paths)
    for (const [at, id] of path.entries()) {
      const next = path[at + 1];
      if (next === undefined || next === id) continue;
      below.set(id, [...(below.get(id) ?? []), next]);
      above.set(next, [...(above.get(next) ?? []), id]);
    }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isDown = sweep % 2 === 0;
    const order = isDown ? layers : layers.toReversed();
    for (const [at, layer] of order.entries()) sortLayer(layer, order[at - 1] ?? [], isDown ? above : below);
  }
}

function sortLayer(layer: string[], beside: readonly string[], joined: ReadonlyMap<string, readonly string[]>): void {
  const places = new Map(beside.map((id, at) => [id, at]));
  const wished = new Map(
    layer.map((id, at) => {
      const found = (joined.get(id) ?? []).flatMap((other) => places.get(other) ?? []);
      return [id, found.length === 0 ? at : found.reduce((sum, each) => sum + each, 0) / found.length];
    }),
  );
  layer.sort((a, b) => (wished.get(a) ?? 0) - (wished.get(b) ?? 0));
}
