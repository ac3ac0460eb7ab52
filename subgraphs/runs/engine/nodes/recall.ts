import { clip } from "@soma/shared/json";
import { PeerRecallDocument } from "../../peers/generated/graphql.ts";
import type { NodeSpec } from "../graph.ts";
import type { AssistantState } from "./assistant-state.ts";
import { userText } from "./user-text.ts";

const MEMORIES = 8;
const EARLIER_TURNS = 10;
const QUERY_CHARACTERS = 2_000;

/** Brings what is known: memories that fit the words of the message, and the session's earlier turns. */
export const recallNode: NodeSpec<AssistantState> = {
  type: "recall",
  summary: () => "Looking for memories",
  async run(_state, { run, services, principal, signal }) {
    const query = clip(userText(run.input), QUERY_CHARACTERS);
    const { recall } = await services.memory.request(
      PeerRecallDocument,
      { input: { query, limit: MEMORIES } },
      { principal, signal },
    );
    const history = await services.earlierTurns({
      tenant: run.tenant,
      sessionId: run.sessionId,
      beforeRunId: run.runId,
      limit: EARLIER_TURNS,
    });
    const memories = recall.hits.map((hit) => hit.memory.content);
    return {
      patch: { memories, history },
      summary:
        memories.length === 0
          ? "Nothing fitting is remembered"
          : `${memories.length} fitting ${memories.length === 1 ? "memory" : "memories"}`,
      output: {
        source: recall.source,
        memories: recall.hits.map((hit) => ({
          id: hit.memory.id,
          score: hit.score,
          why: hit.why,
          content: hit.memory.content,
        })),
      },
    };
  },
};
