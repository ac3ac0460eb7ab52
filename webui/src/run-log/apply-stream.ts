import { type RunHistory, type StreamStatus, THINKING_CONTENT_TYPE } from "@soma/schemas/run-history";
import { addItem, type Draft, findOpen, replaceItem } from "./draft.ts";
import type { ItemStatus, LogEvent, ToolItem } from "./view.ts";

const END_STATUS: Record<StreamStatus, ItemStatus> = {
  OK: "SUCCEEDED",
  TRUNCATED: "SUCCEEDED",
  ERROR: "FAILED",
  TIMEOUT: "TIMED_OUT",
  DENIED: "DENIED",
  CANCELED: "CANCELED",
  INTERRUPTED: "INTERRUPTED",
};

const END_NOTE: Partial<Record<StreamStatus, string>> = {
  TRUNCATED: "The output was cut at the limit of the tool",
  INTERRUPTED: "The worker was lost before this ended",
};

/** STREAM_START opens a tool card, or a text or a thought of the model when no tool is named. */
export function applyStreamStart(draft: Draft, event: LogEvent, payload: RunHistory["STREAM_START"]): void {
  const { stream, tool, content_type } = payload;
  if (stream === "" || event.stepId === null || draft.index.items.has(stream)) return;
  const base = { key: stream, stepId: event.stepId, stepNumber: event.stepNumber ?? 0, attempt: event.attempt ?? 1 };
  const opened = { ...base, status: "RUNNING", open: true, note: null } as const;
  const kind = content_type === THINKING_CONTENT_TYPE ? "thinking" : "text";
  addItem(draft, tool === null ? { ...opened, kind, text: "" } : { ...opened, ...toolFields(draft, event, tool) });
}

/** What is known about a call of this tool when its card opens: the arguments and the decision that came before. */
export function toolFields(
  draft: Draft,
  event: LogEvent,
  tool: string,
): Pick<ToolItem, "kind" | "tool" | "args" | "decision" | "output" | "startedAt" | "latencyMs"> {
  const [call] = draft.pendingCalls;
  return {
    kind: "tool",
    tool,
    args: call?.name === tool ? call.args : null,
    decision: draft.openDecision?.tool === tool ? draft.openDecision : null,
    output: "",
    startedAt: event.at,
    latencyMs: null,
  };
}

/** STREAM_DATA appends. Data after the end marker would not be what the marker's digest covers, so it is left out. */
export function applyStreamData(draft: Draft, _event: LogEvent, { stream, data }: RunHistory["STREAM_DATA"]): void {
  const item = findOpen(draft, stream);
  if (item === undefined) return;
  const running = { status: "RUNNING", note: null } as const;
  replaceItem(
    draft,
    item.kind === "tool"
      ? { ...item, ...running, output: item.output + data }
      : { ...item, ...running, text: item.text + data },
  );
}

export function applyStreamEnd(draft: Draft, _event: LogEvent, { stream, status }: RunHistory["STREAM_END"]): void {
  const item = findOpen(draft, stream);
  if (item !== undefined)
    replaceItem(draft, { ...item, open: false, status: END_STATUS[status], note: END_NOTE[status] ?? null });
}
