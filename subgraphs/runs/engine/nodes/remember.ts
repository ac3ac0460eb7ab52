import { clip } from "@soma/shared/json";
import { PeerLinkDocument, PeerRememberDocument } from "../../peers/generated/graphql.ts";
import type { NodeSpec } from "../graph.ts";
import type { StepContext } from "../step-context.ts";
import type { AssistantState } from "./assistant-state.ts";
import { userText } from "./user-text.ts";

/** Keeps what was said: the user's message, the answer, and how they and the kept facts belong together. */
export const rememberNode: NodeSpec<AssistantState> = {
  type: "remember",
  retry: { maxAttempts: 8, initialMs: 200, maxMs: 10_000 },
  summary: () => "Remembering the conversation",
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
      output: { userMemoryId: user, assistantMemoryId: assistant ?? null, factIds: state.factIds },
    };
  },
};

/** What one memory may hold; only an answer can be longer. */
const MAX_CONTENT_BYTES = 65_536;

async function remember(
  { services, principal, run, stepId, signal }: StepContext,
  role: "USER" | "ASSISTANT",
  content: string,
  at: string,
): Promise<string> {
  const input = {
    sessionId: run.sessionId,
    role,
    kind: "MESSAGE" as const,
    content: clip(content, MAX_CONTENT_BYTES),
    at,
    runId: run.runId,
    stepId,
    idempotencyKey: `${run.runId}:message:${role.toLowerCase()}`,
  };
  return (await services.memory.request(PeerRememberDocument, { input }, { principal, signal })).remember.memory.id;
}

async function link(
  { services, principal, run, signal }: StepContext,
  sourceId: string,
  targetId: string,
  relation: string,
): Promise<void> {
  const input = { sourceId, targetId, relation, idempotencyKey: `${run.runId}:link:${sourceId}:${relation}` };
  await services.memory.request(PeerLinkDocument, { input }, { principal, signal });
}
