import type { NodeSpec } from "@soma/sdk/node";
import { clip } from "@soma/shared/json";
import type { AssistantState } from "../assistant-state.ts";
import { userText } from "../user-text.ts";

const MEMORIES = 8;
const EARLIER_TURNS = 10;
const QUERY_CHARACTERS = 2_000;

/** Brings what is known: memories that fit the words of the message, and the session's earlier turns. */
export const recallNode: NodeSpec<AssistantState> = {
  type: "recall",
  summary: () => "Looking for memories",
  inputSummary: (_state, run) => `a query of ${userText(run.input).length} characters, at most ${MEMORIES} memories`,
  async run(_state, { run, services }) {
    const query = clip(userText(run.input).trim(), QUERY_CHARACTERS);
    const { source, hits } = await services.memory.recall({ query, limit: MEMORIES });
    const history = await services.session.earlierTurns(EARLIER_TURNS);
    const { length } = hits;
    return {
      patch: { memories: hits.map((hit) => hit.content), history },
      summary:
        length === 0 ? "Nothing fitting is remembered" : `${length} fitting ${length === 1 ? "memory" : "memories"}`,
      outputSummary: `${length} memories from ${source}, ${history.length} earlier turns`,
      output: {
        source,
        memories: hits.map(({ memoryId, score, why, content }) => ({ id: memoryId, score, why, content })),
      },
    };
  },
};
