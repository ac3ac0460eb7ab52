import type { Item, LogEvent, RunView, StepStatus, StepView, TextItem, ThinkingItem, ToolItem } from "./view.ts";

/**
 * A view while a batch is applied to it: its arrays are copies that may change, their elements are replaced and never
 * changed, so that whoever holds an element of the view before keeps what it was. The index says where things stand, as
 * searching for each of 10,000 steps took seconds.
 */
export interface Draft extends RunView {
  steps: StepView[];
  items: Item[];
  readonly index: Index;
}

interface Index {
  /** Position of a step by its id. */
  steps: Map<string, number>;
  /** Position of a text or a card by its key. */
  items: Map<string, number>;
  /** Position of a step's newest card by the step's id. */
  cards: Map<string, number>;
  /** Positions of items without an end marker. */
  open: Set<number>;
}

/**
 * Indexes of the newest views. The next batch takes the one of its view and changes it: made anew for each batch, it would
 * cost as much as the whole history.
 */
const INDEXES = new WeakMap<RunView, Index>();

export function toDraft(view: RunView): Draft {
  const index = INDEXES.get(view) ?? indexOf(view);
  INDEXES.delete(view);
  return { ...view, steps: [...view.steps], items: [...view.items], index };
}

export function toView({ index, ...view }: Draft): RunView {
  INDEXES.set(view, index);
  return view;
}

function indexOf({ steps, items }: RunView): Index {
  const index: Index = { steps: new Map(), items: new Map(), cards: new Map(), open: new Set() };
  for (const [at, step] of steps.entries()) index.steps.set(step.id, at);
  for (const [at, item] of items.entries()) note(index, item, at);
  return index;
}

function note(index: Index, item: Item, at: number): void {
  if (item.kind === "notice") return;
  index.items.set(item.key, at);
  if (item.kind === "tool") index.cards.set(item.stepId, at);
  if (item.open) index.open.add(at);
  else index.open.delete(at);
}

export function addItem(draft: Draft, item: Item): void {
  note(draft.index, item, draft.items.push(item) - 1);
}

/** The text or card of a stream; undefined when its start was not seen or its end was. */
export function findOpen(draft: Draft, stream: string): TextItem | ThinkingItem | ToolItem | undefined {
  const item = draft.items[draft.index.items.get(stream) ?? -1];
  return item === undefined || item.kind === "notice" || !item.open ? undefined : item;
}

/** The newest card of a step. */
export function findCard(draft: Draft, stepId: string): ToolItem | undefined {
  const item = draft.items[draft.index.cards.get(stepId) ?? -1];
  return item?.kind === "tool" ? item : undefined;
}

/** Puts an item in the place of the one with its key. */
export function replaceItem(draft: Draft, item: TextItem | ThinkingItem | ToolItem): void {
  const at = draft.index.items.get(item.key);
  if (at === undefined) throw new Error(`there is no item ${item.key} to replace`);
  draft.items[at] = item;
  note(draft.index, item, at);
}

/**
 * Streams without an end marker are shown as interrupted, with the reason; their text stays. Should the stream go on
 * all the same, its next frame makes it running again.
 */
export function interruptOpen(draft: Draft, why: string, stepId?: string): void {
  for (const at of draft.index.open) {
    const item = draft.items[at];
    if (item === undefined || item.kind === "notice" || item.status === "INTERRUPTED") continue;
    if (stepId === undefined || item.stepId === stepId) draft.items[at] = { ...item, status: "INTERRUPTED", note: why };
  }
}

/** The step an event is about, made on first sight: a step without effects has no start event. */
export function stepOf(draft: Draft, event: LogEvent): StepView | undefined {
  const { stepId } = event;
  if (stepId === null) return undefined;
  return draft.steps[draft.index.steps.get(stepId) ?? -1] ?? beginStep(stepId, event);
}

function beginStep(id: string, event: LogEvent): StepView {
  return {
    id,
    number: event.stepNumber ?? 0,
    nodeId: event.nodeId ?? "",
    nodeType: event.nodeType ?? "",
    status: "RUNNING",
    attempt: event.attempt ?? 1,
    summary: "",
    note: null,
    startedAt: event.at,
    latencyMs: null,
    error: null,
    decision: null,
    call: null,
  };
}

export function saveStep(draft: Draft, step: StepView): void {
  const { steps, index } = draft;
  const known = index.steps.get(step.id);
  if (known !== undefined) {
    steps[known] = step;
    return;
  }
  const at = steps.findLastIndex(({ number }) => number <= step.number) + 1;
  steps.splice(at, 0, step);
  for (const [offset, moved] of steps.slice(at).entries()) index.steps.set(moved.id, at + offset);
}

/** Steps that have no end yet; a run that is over or was taken over must not show them as running. */
export function settleSteps(draft: Draft, status: StepStatus, why: string): void {
  draft.steps = draft.steps.map((step) =>
    step.status === "RUNNING" || step.status === "WAITING" ? { ...step, status, note: why } : step,
  );
}
