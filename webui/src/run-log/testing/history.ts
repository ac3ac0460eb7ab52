import type { LogEvent } from "../view.ts";

export const RUN_ID = "01920000-0000-7000-8000-000000000001";

/** Type of the event, the step it is about as "number node", and its payload. */
export type Line = readonly [type: string, step: string | null, payload?: Record<string, unknown>, attempt?: number];

/** Lines as a run's history: numbered from 1, one event a second from 10:41:00. */
export function history(lines: readonly Line[], from = 1): LogEvent[] {
  return lines.map(([type, step, payload = {}, attempt = 1], index) => {
    const [number, node] = step?.split(" ") ?? [];
    return {
      runId: RUN_ID,
      seq: from + index,
      at: new Date(Date.UTC(2026, 10, 24, 10, 41, from + index - 1)).toISOString(),
      type,
      stepId: number === undefined ? null : `${RUN_ID}.${number}`,
      stepNumber: number === undefined ? null : Number(number),
      nodeId: node ?? null,
      nodeType: node ?? null,
      attempt: number === undefined ? null : attempt,
      payload,
      payloadHash: "",
      hash: "",
    };
  });
}

export const started: Line = [
  "RUN_STARTED",
  null,
  { graph: "assistant", input: { text: "What is 6*7?" }, role: "assistant", modelProfile: "scripted" },
];

export function modelText(
  step: string,
  stream: string,
  pieces: readonly string[],
  attempt = 1,
  content_type = "text/markdown",
): Line[] {
  return [
    ["STREAM_START", step, { delim: "start", stream, seq: 0, tool: null, call_id: stream, content_type }, attempt],
    ...pieces.map((data, index): Line => ["STREAM_DATA", step, { stream, seq: index + 1, data }, attempt]),
  ];
}

export function toolStart(step: string, stream: string, tool: string, attempt = 1): Line {
  return [
    "STREAM_START",
    step,
    { delim: "start", stream, seq: 0, tool, call_id: "call_1", content_type: "text/plain" },
    attempt,
  ];
}

export function end(step: string, stream: string, status: string, attempt = 1): Line {
  return ["STREAM_END", step, { delim: "end", stream, seq: 9, status, bytes: 0, sha256: "" }, attempt];
}

/** A whole run of the assistant: one allowed tool, and an answer. */
export const WHOLE_RUN: readonly Line[] = [
  started,
  ["STEP_STARTED", "1 recall", { summary: "Looking for memories" }],
  [
    "STEP_SUCCEEDED",
    "1 recall",
    { summary: "Nothing fitting is remembered", latencyMs: 4, output: { source: "local", memories: [] } },
  ],
  ["STEP_STARTED", "2 model", { summary: "Asking the model" }],
  ...modelText("2 model", "s2", ["I shall ", "calculate."]),
  end("2 model", "s2", "OK"),
  [
    "STEP_SUCCEEDED",
    "2 model",
    {
      summary: "Asked for calculate",
      latencyMs: 120,
      output: {
        text: "I shall calculate.",
        toolCalls: [{ id: "call_1", name: "calculate", arguments: '{"expression":"6*7"}' }],
      },
    },
  ],
  [
    "STEP_SUCCEEDED",
    "3 branch",
    {
      summary: "A tool call has to be decided",
      latencyMs: 0,
      startedAt: "2026-11-24T10:41:08.500Z",
      output: { next: "policy" },
    },
  ],
  ["STEP_STARTED", "4 policy", { summary: "May calculate be called?" }],
  [
    "STEP_SUCCEEDED",
    "4 policy",
    {
      summary: "calculate is allowed",
      latencyMs: 1,
      output: { tool: "calculate", allow: true, reason: "role_allows_tool", decisionId: "d1" },
    },
  ],
  ["STEP_STARTED", "5 tool", { summary: "Calling calculate" }],
  toolStart("5 tool", "s5", "calculate"),
  ["STREAM_DATA", "5 tool", { stream: "s5", seq: 1, data: "4" }],
  ["STREAM_DATA", "5 tool", { stream: "s5", seq: 2, data: "2" }],
  end("5 tool", "s5", "OK"),
  [
    "STEP_SUCCEEDED",
    "5 tool",
    {
      summary: "calculate answered",
      latencyMs: 30,
      output: { tool: "calculate", status: "SUCCEEDED", output: "42", error: null },
    },
  ],
  ["STEP_STARTED", "6 model", { summary: "Asking the model" }],
  ...modelText("6 model", "s6", ["It is ", "**42**."]),
  end("6 model", "s6", "OK"),
  [
    "STEP_SUCCEEDED",
    "6 model",
    { summary: "Answered", latencyMs: 80, output: { text: "It is **42**.", toolCalls: [] } },
  ],
  ["STEP_SUCCEEDED", "7 answer", { summary: "Answered", latencyMs: 0, output: { answer: "It is **42**." } }],
  ["RUN_SUCCEEDED", null, { answer: "It is **42**." }],
];
