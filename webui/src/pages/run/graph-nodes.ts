import type { RunPictureQuery } from "@soma/graphql/operations";
import type { StepView } from "../../run-log/view.ts";
import type { Box } from "../../ui/graph/graph-layout.ts";

type Picture = NonNullable<NonNullable<RunPictureQuery["run"]>["picture"]>;
export type PictureNode = Picture["nodes"][number];
export type PictureEdge = Picture["edges"][number];

type Status = StepView["status"] | NonNullable<StepView["call"]>;

/** What the steps of a node came to. */
export interface NodeState {
  /** Of its steps the one that needs eyes most. */
  status: Status;
  steps: number;
  /** How many of them have that status. */
  alike: number;
  /** Number of its newest step. */
  newest: number;
}

const LOUDEST: readonly Status[] = [
  ...(["RUNNING", "WAITING", "FAILED", "TIMED_OUT", "INTERRUPTED"] as const),
  ...(["CANCELED", "DENIED", "SUCCEEDED"] as const),
];

/** Finds where steps are drawn; undefined of those of no node. What was found is kept: a list may have 10,000 branches. */
export function createPlaces(nodes: readonly PictureNode[]): (nodeId: string) => string | undefined {
  const ids = new Set(nodes.map(({ id }) => id));
  const found = new Map<string, string | undefined>();
  return (nodeId) => {
    if (!found.has(nodeId)) found.set(nodeId, placeOf(nodeId, ids));
    return found.get(nodeId);
  };
}

/** How each node of a picture stands, by the steps the page follows; and how many steps are of no node of it. */
export function stateNodes(
  places: (nodeId: string) => string | undefined,
  steps: readonly StepView[],
): { states: ReadonlyMap<string, NodeState>; strays: number } {
  const states = new Map<string, NodeState>();
  let strays = 0;
  for (const step of steps) {
    const place = places(step.nodeId);
    if (place === undefined) strays += 1;
    else states.set(place, added(states.get(place), step));
  }
  return { states, strays };
}

function added(before: NodeState | undefined, { status: own, call, number }: StepView): NodeState {
  const status = call ?? own;
  if (before === undefined) return { status, steps: 1, alike: 1, newest: number };
  const [known, now] = [LOUDEST.indexOf(before.status), LOUDEST.indexOf(status)];
  const steps = before.steps + 1;
  if (now < known) return { status, steps, alike: 1, newest: number };
  return { ...before, steps, alike: before.alike + (now === known ? 1 : 0), newest: number };
}

/** Where the step of a run is drawn: the branches of a list are one. */
function placeOf(nodeId: string, ids: ReadonlySet<string>): string | undefined {
  if (ids.has(nodeId)) return nodeId;
  const parts = nodeId.split("/");
  const starred = (part: string): string => part.replace(/\[.*$/, "[*]");
  // A branch with a name is drawn by it, one of a list with a star: in each part one of the two.
  const found = parts.reduce<string[]>(
    (starts, part) =>
      starts.flatMap((start) => {
        const at = start === "" ? "" : `${start}/`;
        return part === starred(part) ? [at + part] : [at + part, at + starred(part)];
      }),
    [""],
  );
  return found.find((id) => ids.has(id));
}

/** "3 steps, 1 failed"; of one step nothing, its status says all. */
export function countWords({ steps, alike, status }: NodeState, word: string): string {
  if (steps === 1) return "";
  return status === "SUCCEEDED" || alike === steps
    ? `${steps} steps`
    : `${steps} steps, ${alike} ${word.toLowerCase()}`;
}

export type Direction = "up" | "down" | "left" | "right";

/** The nearest node in a direction; undefined when there is none. */
export function neighbourOf(boxes: ReadonlyMap<string, Box>, id: string, to: Direction): string | undefined {
  const own = boxes.get(id);
  if (own === undefined) return undefined;
  const isAcross = to === "left" || to === "right";
  const sign = to === "down" || to === "right" ? 1 : -1;
  let [best, least]: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const [other, box] of boxes) {
    const [x, y] = [middle(box).x - middle(own).x, middle(box).y - middle(own).y];
    const [along, aside] = isAcross ? [x * sign, Math.abs(y)] : [y * sign, Math.abs(x)];
    // What stands beside is not below, though its middle may be.
    if (other === id || along <= 0 || (isAcross && aside > along)) continue;
    // A layer counts for more than a place in it.
    const far = isAcross ? along + 2 * aside : 3 * along + aside;
    if (far < least) [best, least] = [other, far];
  }
  return best;
}

/** Of a node that holds others, of its name. */
function middle({ x, y, width, height, holdsOthers }: Box): { x: number; y: number } {
  return { x: x + width / 2, y: holdsOthers ? y + 24 : y + height / 2 };
}
