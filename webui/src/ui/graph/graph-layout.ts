import { type Arc, type Layers, toLayers } from "./graph-layers.ts";

/** A node as it is given: within another one, or in the graph itself. */
interface Node {
  id: string;
  within: string | null;
}

/** Where a node stands; of one that holds others, around them. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  holdsOthers: boolean;
}

interface Way {
  arc: Arc;
  isBack: boolean;
  /** What SVG draws. */
  d: string;
}

export interface GraphLayout {
  boxes: ReadonlyMap<string, Box>;
  ways: readonly Way[];
  width: number;
  height: number;
}

export const NODE = { width: 176, height: 48 };
/** Between nodes of a layer, and between layers. */
const GAP = { x: 24, y: 40 };
/** Of a node that holds others: its name above, and room around them. */
const HOLD = { top: 48 + 12, side: 16 };
/** Of what only passes a layer. */
const PASSING = 12;
/** How far beside the others an arc leads that leads back. */
const ASIDE = 24;

/** Nodes in layers from above to below, those within another one inside it. */
export function layOut(nodes: readonly Node[], arcs: readonly Arc[]): GraphLayout {
  const boxes = new Map<string, Box>();
  const ways: Way[] = [];
  const { width, height } = layLevel({ nodes, arcs, boxes, ways }, null, { x: 0, y: 0 });
  return { boxes, ways, width, height };
}

interface Drawing {
  nodes: readonly Node[];
  arcs: readonly Arc[];
  boxes: Map<string, Box>;
  ways: Way[];
}

interface Size {
  width: number;
  height: number;
}

interface Point {
  x: number;
  y: number;
}

function layLevel(drawing: Drawing, within: string | null, corner: Point): Size {
  const ids = drawing.nodes.filter((node) => node.within === within).map(({ id }) => id);
  const known = new Set(ids);
  const arcs = drawing.arcs.filter(({ from, to }) => known.has(from) && known.has(to));
  const layers = toLayers(ids, arcs);
  const sizes = new Map(ids.map((id) => [id, sizeOf(drawing, id)]));
  const widthOf = (id: string): number => sizes.get(id)?.width ?? PASSING;
  const middles = placeAcross(layers, widthOf);
  let y = corner.y;
  const lines = layers.layers.map((layer) => {
    const line = { y, height: Math.max(...layer.map((id) => sizes.get(id)?.height ?? 0)) };
    y += line.height + GAP.y;
    return line;
  });
  for (const [rank, layer] of layers.layers.entries())
    for (const id of layer) {
      const size = sizes.get(id);
      const line = lines[rank];
      if (size === undefined || line === undefined) continue;
      const x = corner.x + (middles.get(id) ?? 0) - size.width / 2;
      putBox(drawing, id, { x, y: line.y, ...size });
    }
  drawing.ways.push(...arcs.map((arc, index) => toWay({ arc, index, layers, lines, middles, corner, drawing })));
  const right = Math.max(0, ...layers.layers.flat().map((id) => (middles.get(id) ?? 0) + widthOf(id) / 2));
  return { width: right + (layers.back.size > 0 ? ASIDE : 0), height: Math.max(0, y - corner.y - GAP.y) };
}

/** Of a node that holds others, as much as they need: they are laid out once to know. */
function sizeOf({ nodes, arcs }: Drawing, id: string): Size {
  if (!nodes.some(({ within }) => within === id)) return NODE;
  const inner = layLevel({ nodes, arcs, boxes: new Map(), ways: [] }, id, { x: 0, y: 0 });
  return {
    width: Math.max(NODE.width, inner.width) + 2 * HOLD.side,
    height: inner.height + HOLD.top + HOLD.side,
  };
}

function putBox(drawing: Drawing, id: string, box: Omit<Box, "holdsOthers">): void {
  const holdsOthers = drawing.nodes.some(({ within }) => within === id);
  drawing.boxes.set(id, { ...box, holdsOthers });
  if (!holdsOthers) return;
  layLevel(drawing, id, { x: box.x + HOLD.side, y: box.y + HOLD.top });
}

/** Rounds of moving nodes to the middle of their neighbours. */
const ROUNDS = 12;

/** The middles of all that stands in the layers, none over another one. */
function placeAcross({ layers, paths }: Layers, widthOf: (id: string) => number): Map<string, number> {
  const middles = new Map<string, number>();
  for (const layer of layers) spread(layer, new Map(), widthOf, middles);
  const joined = new Map<string, string[]>();
  for (const path of paths)
    for (const [at, id] of path.entries())
      for (const other of [path[at - 1], path[at + 1]])
        if (other !== undefined && other !== id) joined.set(id, [...(joined.get(id) ?? []), other]);
  for (let round = 0; round < ROUNDS; round += 1)
    for (const layer of round % 2 === 0 ? layers : layers.toReversed()) {
      const wished = new Map(
        layer.map((id) => {
          const near = (joined.get(id) ?? []).map((other) => middles.get(other) ?? 0);
          const mean = near.reduce((sum, each) => sum + each, 0) / near.length;
          return [id, near.length === 0 ? (middles.get(id) ?? 0) : mean];
        }),
      );
      spread(layer, wished, widthOf, middles);
    }
  const left = Math.min(...[...middles].map(([id, middle]) => middle - widthOf(id) / 2));
  for (const [id, middle] of middles) middles.set(id, middle - left);
  return middles;
}

/** As near to where each is wished as the widths allow: the mean of pushing all to the right and all to the left. */
function spread(
  layer: readonly string[],
  wished: ReadonlyMap<string, number>,
  widthOf: (id: string) => number,
  middles: Map<string, number>,
): void {
  const apart = (a: string, b: string): number => (widthOf(a) + widthOf(b)) / 2 + GAP.x;
  const pushed = (order: readonly string[], sign: 1 | -1): Map<string, number> => {
    const found = new Map<string, number>();
    let before: string | undefined;
    for (const id of order) {
      const own = sign * (wished.get(id) ?? widthOf(id) / 2);
      const least = before === undefined ? own : (found.get(before) ?? 0) + apart(before, id);
      found.set(id, Math.max(own, least));
      before = id;
    }
    return found;
  };
  const [right, left] = [pushed(layer, 1), pushed(layer.toReversed(), -1)];
  for (const id of layer) middles.set(id, ((right.get(id) ?? 0) - (left.get(id) ?? 0)) / 2);
}

interface WayParams {
  arc: Arc;
  index: number;
  layers: Layers;
  lines: readonly { y: number; height: number }[];
  middles: ReadonlyMap<string, number>;
  corner: Point;
  drawing: Drawing;
}

function toWay({ arc, index, layers, lines, middles, corner, drawing }: WayParams): Way {
  const isBack = layers.back.has(arc);
  if (arc.from === arc.to) return { arc, isBack, d: loop(drawing.boxes.get(arc.from)) };
  const path = layers.paths[index] ?? [];
  const first = layers.ranks.get(path[0] ?? "") ?? 0;
  const aside = isBack ? ASIDE : 0;
  const points = path.flatMap((id, at): Point[] => {
    const x = corner.x + (middles.get(id) ?? 0) + aside;
    const line = lines[first + at] ?? { y: 0, height: 0 };
    const box = drawing.boxes.get(id);
    if (at === 0) return [{ x, y: line.y + (box?.height ?? 0) }];
    if (at === path.length - 1) return [{ x, y: line.y }];
    return [
      { x, y: line.y },
      { x, y: line.y + line.height },
    ];
  });
  return { arc, isBack, d: curve(isBack ? points.toReversed() : points) };
}

function curve([start, ...rest]: readonly Point[]): string {
  if (start === undefined) return "";
  let [d, from] = [`M${start.x} ${start.y}`, start];
  for (const to of rest) {
    const half = (from.y + to.y) / 2;
    d += from.x === to.x ? `V${to.y}` : `C${from.x} ${half} ${to.x} ${half} ${to.x} ${to.y}`;
    from = to;
  }
  return d;
}

function loop(box: Box | undefined): string {
  if (box === undefined) return "";
  const [right, y] = [box.x + box.width, box.y + NODE.height / 2];
  return `M${right} ${y - 8}C${right + 20} ${y - 12} ${right + 20} ${y + 12} ${right} ${y + 8}`;
}
