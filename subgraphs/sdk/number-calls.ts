import type { ChatMessage, ToolCall } from "./model-client.ts";

/** Tool calls of one answer that are made. */
export const MAX_CALLS = 16;

/** What the calls of one answer come to. */
export interface NumberedCalls {
  /** All of them, as the model is shown them again. */
  asked: ToolCall[];
  /** Those to be made, in order. */
  made: ToolCall[];
  /** What the model is told about the others, so that it can ask again. */
  refused: ChatMessage[];
}

/** Gives calls ids that are the same whichever provider answers, and tell one call of a run from the next. */
export function numberCalls(calls: readonly ToolCall[], before: number): NumberedCalls {
  const asked = calls.map((call, index) => ({ ...call, id: `call_${before + index + 1}` }));
  const error = `not called: ${calls.length} calls at once are more than ${MAX_CALLS}; ask for it again after these`;
  const content = JSON.stringify({ status: "REFUSED", error });
  return {
    asked,
    made: asked.slice(0, MAX_CALLS),
    refused: asked.slice(MAX_CALLS).map(({ id }) => ({ role: "tool", toolCallId: id, content })),
  };
}

/** What a step says it asked for. */
export function describeCalls({ made, refused }: NumberedCalls): string {
  const more = refused.length === 0 ? "" : `, and ${refused.length} more than may be called at once`;
  return `Asked for ${made.map(({ name }) => name).join(", ")}${more}`;
}
