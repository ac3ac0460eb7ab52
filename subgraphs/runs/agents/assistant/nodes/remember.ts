import type { NodeSpec, StepContext } from "@soma/sdk/node";
import { runKey } from "@soma/sdk/run-key";
import { clip } from "@soma/shared/json";
import type { AssistantState } from "../assistant-state.ts";
import { userText } from "../user-text.ts";

/** Keeps what was said: the user's message, the answer, and how they and the kept facts belong together. */
export const rememberNode: NodeSpec<AssistantState> = {
  type: "remember",
  retry: { maxAttempts: 8, initialMs: 200, maxMs: 60_000 },
  summary: () => "Remembering the conversation",
  inputSummary: (state, run) =>
    `a message of ${userText(run.input).length} and an answer of ${state.answer.length} characters, ${state.factIds.length} facts`,
  async run(state, context) {
    const { run } = context;
    const [user, assistant] = await Promise.all([
      remember(context, "USER", userText(run.input), run.createdAt.toISOString()),
      state.answer.trim() === "" ? undefined : remember(context, "ASSISTANT", state.answer, state.answeredAt),
    ]);
    const links = state.factIds.map((fact) => link(context, fact, user, "derived_from"));
    if (assistant !== undefined) links.push(link(context, user, assistant, "answered_by"));
    await Promise.all(links);
    return {
      summary: "The conversation is remembered",
      outputSummary: `${assistant === undefined ? 1 : 2} memories, ${links.length} links`,
      output: { userMemoryId: user, assistantMemoryId: assistant ?? null, factIds: state.factIds },
    };
  },
};

/** What one memory may hold; only an answer can be longer. */
const MAX_CONTENT_BYTES = 65_536;

async function remember(
  { services, run }: StepContext,
  role: "USER" | "ASSISTANT",
  content: string,
  at: string,
): Promise<string> {
  const { memoryId } = await services.memory.remember({
    role,
    kind: "MESSAGE",
    content: clip(content, MAX_CONTENT_BYTES),
    at,
    idempotencyKey: `${runKey(run)}:message:${role.toLowerCase()}`,
  });
  return memoryId;
}

function link({ services, run }: StepContext, sourceId: string, targetId: string, relation: string): Promise<void> {
  const idempotencyKey = `${runKey(run)}:link:${sourceId}:${relation}`;
  return services.memory.link({ sourceId, targetId, relation, idempotencyKey });
}
