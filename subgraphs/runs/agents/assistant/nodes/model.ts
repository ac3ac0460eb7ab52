import { toChatRequest } from "@soma/sdk/fit-prompt";
import { describeHeard, listen, summarizeHeard, toMessage, toOutput } from "@soma/sdk/listen";
import type { ChatRequest, ToolDefinition } from "@soma/sdk/model-client";
import type { NodeSpec, StepContext } from "@soma/sdk/node";
import { describeCalls, numberCalls, toRefusals } from "@soma/sdk/number-calls";
import { rememberTool } from "@soma/sdk/remember-tool";
import type { CatalogTool } from "@soma/sdk/services";
import { SomaError } from "@soma/shared/errors";
import type { AssistantState } from "../assistant-state.ts";
import { userText } from "../user-text.ts";

/** Answers of the model in one run; each may ask for tools again. */
const MAX_MODEL_TURNS = 12;

const INSTRUCTIONS =
  "You are the assistant of this workspace. Use the tools you are given when they help; do not guess what a tool can tell. " +
  "When the user asks you to remember something, call the tool remember with the fact as one sentence. " +
  "When a tool was denied or failed, say so plainly and do not try to get around it.";

/** Asks the model, and streams its text into the history while it comes. */
export const modelNode: NodeSpec<AssistantState> = {
  type: "model",
  // A model that drips its answer until its time is over is not asked four times: it would hold its place for four
  // times as long.
  retry: { maxAttempts: 4, initialMs: 300, maxMs: 60_000, withinMs: 300_000 },
  summary: () => "Asking the model",
  inputSummary: (state, run) =>
    `profile ${run.modelProfile}, ${state.messages.length + 1} messages, ${state.history.length} earlier turns, ${state.memories.length} memories`,
  async run(state, context) {
    if (state.modelTurns >= MAX_MODEL_TURNS)
      throw new SomaError("LIMIT_EXCEEDED", `the model was asked ${MAX_MODEL_TURNS} times without coming to an answer`);
    const client = await context.services.model();
    const heard = await listen(client.chat(await toRequest(state, context), context.signal), context);
    const numbered = numberCalls(heard.calls, state.callCount);
    const calls = numbered.asked;
    return {
      patch: {
        messages: [toMessage(heard, calls), ...toRefusals(numbered.refused)],
        calls: numbered.made.map((call, index) => ({ ...call, ordinal: state.callCount + index + 1 })),
        callCount: state.callCount + calls.length,
        modelTurns: state.modelTurns + 1,
        ...(calls.length === 0 ? { answer: heard.text, answeredAt: context.now().toISOString() } : {}),
      },
      summary: summarizeHeard(heard, calls.length === 0 ? "Answered" : describeCalls(numbered)),
      outputSummary: describeHeard(heard.text, calls, heard.usage),
      output: toOutput(client, heard, calls),
      prompt: heard.prompt,
    };
  },
};

async function toRequest(state: AssistantState, { run, services }: StepContext): Promise<ChatRequest> {
  const { memories, summary, history: turns, messages: said } = state;
  const tools = [...(await services.tools.list()), rememberTool].map(toDefinition);
  const question = userText(run.input);
  return toChatRequest({ instructions: INSTRUCTIONS, summary, memories, turns, question, said, tools });
}

function toDefinition(tool: Pick<CatalogTool, keyof ToolDefinition>): ToolDefinition {
  return { name: tool.name, description: tool.description, inputSchema: tool.inputSchema };
}
