import type { ModelClient, ToolCall } from "./model-client.ts";
import type { StepContext } from "./node.ts";

/** A whole answer of a model. */
export interface Heard {
  text: string;
  calls: ToolCall[];
  usage: { inputTokens: number; outputTokens: number } | null;
}

/** Listens to a model's answer to its end, and streams its text into the history while it comes. */
export async function listen(
  events: ReturnType<ModelClient["chat"]>,
  { stepId, attempt, streams }: StepContext,
): Promise<Heard> {
  const stream = `${stepId}.${attempt}`;
  const heard: Heard = { text: "", calls: [], usage: null };
  for await (const event of events) {
    if (event.type === "text") {
      if (heard.text === "") streams.start({ stream, callId: stepId, contentType: "text/markdown" });
      heard.text += event.delta;
      streams.data(stream, event.delta);
    } else if (event.type === "toolCall") {
      heard.calls.push(event.call);
    } else {
      heard.usage = event.usage;
    }
  }
  streams.end(stream, "OK");
  return heard;
}

/** What the event bus hears of an answer: its size, never its words. */
export function describeHeard(text: string, calls: readonly ToolCall[], usage: Heard["usage"]): string {
  const asked = calls.length === 0 ? "" : `, calls ${calls.map((call) => call.name).join(", ")}`;
  const tokens = usage === null ? "" : `, ${usage.inputTokens} tokens in and ${usage.outputTokens} out`;
  return `${text.length} characters${asked}${tokens}`;
}
