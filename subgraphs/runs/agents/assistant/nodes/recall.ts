import { cutMiddle } from "@soma/sdk/estimate-tokens";
import type { NodeSpec } from "@soma/sdk/node";
import type { SessionTurn } from "@soma/sdk/services";
import { clip } from "@soma/shared/json";
import type { AssistantState } from "../assistant-state.ts";
import { PAST_TURNS, SUMMARY_BATCH, WINDOW_TURNS } from "../summary-text.ts";
import { userText } from "../user-text.ts";

const MEMORIES = 8;
const QUERY_BYTES = 2_000;
/**
 * What one memory, one text of an earlier turn, and all earlier turns may bring: every call of the model carries them
 * again.
 */
const MEMORY_TOKENS = 2_500;
const TEXT_TOKENS = 5_000;
const HISTORY_BYTES = 64_000;

/**
 * Brings what is known: memories that fit the words of the message, the session's summary, and its newest turns, as far
 * as they fit.
 */
export const recallNode: NodeSpec<AssistantState> = {
  type: "recall",
  summary: () => "Looking for memories",
  inputSummary: (_state, run) => `a query of ${userText(run.input).length} characters, at most ${MEMORIES} memories`,
  async run(_state, { run, services }) {
    const query = clip(userText(run.input).trim(), QUERY_BYTES);
    const { source, hits } = await services.memory.recall({ query, limit: MEMORIES });
    const { summary, turns } = await services.session.past(PAST_TURNS);
    const isDue = turns.length >= WINDOW_TURNS + SUMMARY_BATCH;
    const history = newestThatFit(turns.slice(-(WINDOW_TURNS + SUMMARY_BATCH)));
    const memories = hits.map(({ content, ...hit }) => ({ ...hit, content: cutMiddle(content, MEMORY_TOKENS) }));
    const { length } = hits;
    return {
      patch: {
        ...{ memories: memories.map(({ content }) => content), history },
        ...(summary === undefined ? {} : { summary: { text: summary.text, madeBy: summary.madeBy } }),
        ...(isDue ? { summaryDue: true } : {}),
      },
      summary:
        length === 0 ? "Nothing fitting is remembered" : `${length} fitting ${length === 1 ? "memory" : "memories"}`,
      outputSummary: `${length} memories from ${source}, ${history.length} earlier turns, ${summary?.turns ?? 0} summarized`,
      output: {
        source,
        memories: memories.map(({ memoryId, score, why, content }) => ({ id: memoryId, score, why, content })),
      },
    };
  },
};

function newestThatFit(turns: readonly SessionTurn[]): SessionTurn[] {
  const kept: SessionTurn[] = [];
  let bytes = 0;
  for (const turn of turns.toReversed()) {
    const cut = { user: cutMiddle(turn.user, TEXT_TOKENS), assistant: cutMiddle(turn.assistant, TEXT_TOKENS) };
    bytes += Buffer.byteLength(cut.user) + Buffer.byteLength(cut.assistant);
    if (bytes > HISTORY_BYTES) break;
    kept.unshift(cut);
  }
  return kept;
}
