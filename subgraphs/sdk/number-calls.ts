import type { ChatMessage, ToolCall } from "./model-client.ts";

/** Tool calls of one answer that are made. */
export const MAX_CALLS = 16;

/** What the calls of one answer come to. */
export interface NumberedCalls {
  /** All of them, as the model is shown them again. */
  asked: ToolCall[];
  /** Those to be made, in order. */
  made: ToolCall[];
  /** The others, each with its reason. */
  refused: ToolCall[];
}

/** Why a call is not made; undefined for one that is. */
export type WhyNot = (call: ToolCall) => string | undefined;

/** Gives calls ids that are the same whichever provider answers, and tell one call of a run from the next. */
export function numberCalls(
  calls: readonly ToolCall[],
  before: number,
  whyNot: WhyNot = () => undefined,
): NumberedCalls {
  const numbered: NumberedCalls = { asked: [], made: [], refused: [] };
  for (const [index, given] of calls.entries()) {
    const call = { ...given, id: `call_${before + index + 1}` };
    const refused =
      given.refused ?? whyNot(call) ?? (numbered.made.length < MAX_CALLS ? undefined : tooMany(calls.length));
    if (refused === undefined) numbered.made.push(call);
    else numbered.refused.push({ ...call, refused });
    numbered.asked.push(refused === undefined ? call : { ...call, refused });
  }
  return numbered;
}

function tooMany(count: number): string {
  return `not called: ${count} calls at once are more than ${MAX_CALLS}; ask for it again after these`;
}

/** What the model is told of calls that are not made, so that it can ask again. */
export function toRefusals(calls: readonly ToolCall[]): ChatMessage[] {
  return calls.map(({ id, refused }) => ({
    role: "tool",
    toolCallId: id,
    content: JSON.stringify({ status: "REFUSED", error: refused }),
  }));
}

/** What a step says it asked for. */
export function describeCalls({ made, refused }: NumberedCalls): string {
  const names = made.map(({ name }) => name).join(", ");
  if (refused.length === 0) return `Asked for ${names}`;
  return `Asked for ${names === "" ? "nothing that can be called" : names}; ${refused.length} more not called`;
}
