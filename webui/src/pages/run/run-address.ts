import { runPath } from "../../place.ts";

export const VIEWS = { timeline: "Timeline", graph: "Graph", state: "State", events: "Events" } as const;
type View = keyof typeof VIEWS;

/** What of a run the address asks for. */
export interface RunAddress {
  view: View;
  /** Number of the step that the inspector shows, and of the event whose payload is. */
  step: number | undefined;
  event: number | undefined;
  /** Number of the event whose state is shown, and of the one that it is compared with. */
  seq: number | undefined;
  from: number | undefined;
  /** What the events are narrowed to. */
  text: string;
  /** Whether the timeline shows small steps too. */
  all: boolean;
}

/** Longer ones are cut. */
export const MAX_TEXT = 200;

/** Reads the part of the address after `?`; what is not known there counts as left out. */
export function parseRunAddress(search: string): RunAddress {
  const params = new URLSearchParams(search);
  return {
    view: toView(params.get("view")),
    step: toNumber(params.get("step")),
    event: toNumber(params.get("event")),
    seq: toNumber(params.get("seq")),
    from: toNumber(params.get("from")),
    text: (params.get("text") ?? "").slice(0, MAX_TEXT),
    all: params.get("all") === "1",
  };
}

/** The address of a run with something changed; what says nothing is left out. */
export function toRunAddress(runId: string, address: RunAddress, changes: Partial<RunAddress> = {}): string {
  const { view, step, event, seq, from, text, all } = { ...address, ...changes };
  const params = new URLSearchParams();
  if (view !== "timeline") params.set("view", view);
  if (step !== undefined) params.set("step", String(step));
  if (event !== undefined) params.set("event", String(event));
  if (seq !== undefined) params.set("seq", String(seq));
  if (from !== undefined) params.set("from", String(from));
  if (text !== "") params.set("text", text);
  if (all) params.set("all", "1");
  return params.size === 0 ? runPath(runId) : `${runPath(runId)}?${params}`;
}

/** The address of a run's state at an event. */
export function statePath(runId: string, seq: number): string {
  return toRunAddress(runId, parseRunAddress(""), { view: "state", seq });
}

function toView(text: string | null): View {
  return text !== null && Object.hasOwn(VIEWS, text) ? (text as View) : "timeline";
}

function toNumber(text: string | null): number | undefined {
  return text !== null && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}
