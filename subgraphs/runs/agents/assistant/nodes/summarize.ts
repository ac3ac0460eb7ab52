import { listen, summarizeHeard, toOutput } from "@soma/sdk/listen";
import type { ModelClient } from "@soma/sdk/model-client";
import type { NodeResult, NodeSpec, StepContext } from "@soma/sdk/node";
import type { NewSummary, SessionPast } from "@soma/sdk/services";
import type { AssistantState } from "../assistant-state.ts";
import { boundSummary, PAST_TURNS, takeBatch, toExtract, toSummaryRequest } from "../summary-text.ts";

/**
 * Extends the session's summary by turns that have left the window, after the answer, so that nobody waits for it. The run does not
 * fail for it, and does not wait: what was not summed up is due again at the next message.
 */
export const summarizeNode: NodeSpec<AssistantState> = {
  type: "summarize",
  retry: { maxAttempts: 1, initialMs: 0, maxMs: 0, outageMs: 0 },
  timeoutMs: 120_000,
  summary: () => "Summing up earlier turns",
  inputSummary: (_state, run) => `profile ${run.modelProfile}, turns that left the window`,
  async run(_state, context) {
    try {
      return await summarize(context);
    } catch (error) {
      if (context.signal.aborted) throw error;
      return notSummarized(error instanceof Error ? error.message : String(error));
    }
  },
  giveUp: (_state, { message }) => notSummarized(message),
};

async function summarize(context: StepContext): Promise<NodeResult<AssistantState>> {
  const { services } = context;
  const past = await services.session.past(PAST_TURNS);
  const client = await services.model();
  const turns = takeBatch(past.turns, client.terms?.contextTokens);
  if (turns.length === 0) return notSummarized("another run of the session has done it");
  const written = client.isAi ? await write(client, past, turns, context) : extract(past, turns);
  if (written.text === "") return { ...notSummarized("the model wrote nothing"), prompt: written.prompt };
  const { text, madeBy, prompt, did, output } = written;
  const runIds = turns.map(({ runId }) => runId);
  const isKept = await services.session.keepSummary({ text, madeBy, runIds, replaces: past.summary?.version });
  const covers = (past.summary?.turns ?? 0) + turns.length;
  return {
    summary: isKept ? did : `${did}; not kept, because what it tells of has changed meanwhile`,
    outputSummary: `${text.length} characters of ${covers} turns by ${madeBy}`,
    output: { ...output, text, madeBy, covers, isKept },
    prompt,
  };
}

type Written = Pick<NewSummary, "text" | "madeBy"> &
  Pick<NodeResult<AssistantState>, "prompt"> & { did: string; output: object };

async function write(
  client: ModelClient,
  { summary }: SessionPast,
  turns: SessionPast["turns"],
  context: StepContext,
): Promise<Written> {
  // Not what the run answers, so nobody hears it while it is written.
  const streams = { start: () => {}, data: () => {}, end: () => {}, copy: () => {} };
  const request = toSummaryRequest(summary?.text, turns);
  const heard = await listen(client.chat(request, context.signal), { ...context, streams });
  const { profile, model } = heard.answeredBy ?? client;
  const did = summarizeHeard({ ...heard, reason: "stop" }, `${turns.length} earlier turns are summed up`);
  const output = toOutput(client, { ...heard, reason: "stop" }, []);
  return { text: boundSummary(heard.text), madeBy: `${profile}/${model}`, prompt: heard.prompt, did, output };
}

function extract({ summary }: SessionPast, turns: SessionPast["turns"]): Written {
  const did = `Of ${turns.length} earlier turns the beginnings are kept, since the model of this run writes no summary`;
  return { text: toExtract(summary?.text, turns), madeBy: "scripted", did, output: {} };
}

function notSummarized(why: string): NodeResult<AssistantState> {
  return {
    summary: `Earlier turns are not summed up now: ${why}`,
    outputSummary: "no summary",
    output: { isKept: false, reason: why },
  };
}
