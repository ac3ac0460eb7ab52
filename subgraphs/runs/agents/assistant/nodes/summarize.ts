import { type Heard, listen, summarizeHeard, toOutput } from "@soma/sdk/listen";
import type { ModelClient } from "@soma/sdk/model-client";
import type { NodeResult, NodeSpec, StepContext } from "@soma/sdk/node";
import type { NewSummary, SessionPast } from "@soma/sdk/services";
import { describeError } from "@soma/sdk/step-error";
import type { AssistantState } from "../assistant-state.ts";
import {
  boundSummary,
  boundsFor,
  PAST_TURNS,
  type SummaryBounds,
  takeBatch,
  toExtract,
  toSummaryRequest,
} from "../summary-text.ts";

/** Codes of a model that was asked and wrote no summary; it would write none the next time either. */
const WROTE_NONE: ReadonlySet<string> = new Set(["MODEL_REFUSED", "MODEL_FAILED"]);

/** The end of the run waits for the summary, so a model that is slower writes none. */
const WRITING_MS = 30_000;

/**
 * Extends the session's summary by turns that have left the window, once the model has answered. The run does not fail
 * for it, and does not wait for what is away: what was not summed up is due again at the next message.
 */
export const summarizeNode: NodeSpec<AssistantState> = {
  type: "summarize",
  retry: { maxAttempts: 1, initialMs: 0, maxMs: 0, outageMs: 0 },
  timeoutMs: 2 * WRITING_MS,
  summary: () => "Summing up earlier turns",
  inputSummary: (_state, run) => `profile ${run.modelProfile}, turns that left the window`,
  async run(_state, context) {
    try {
      return await summarize(context);
    } catch (error) {
      // Nobody is asked to raise a budget for it.
      if (describeError(error).code === "BUDGET_EXCEEDED") return notSummarized("a budget is spent");
      throw error;
    }
  },
  giveUp: (_state, { message }) => notSummarized(message),
};

/** What is summed up, and by what it is bounded. */
interface Task {
  before: string | undefined;
  turns: SessionPast["turns"];
  bounds: SummaryBounds;
}

async function summarize(context: StepContext): Promise<NodeResult<AssistantState>> {
  const { services, run } = context;
  const past = await services.session.past(PAST_TURNS);
  if (past.summary?.version === run.runId) return toResult({ did: "Earlier turns are summed up", isKept: true });
  const client = await services.model();
  const bounds = boundsFor(client.terms?.contextTokens);
  const turns = takeBatch(past.turns, bounds);
  if (turns.length === 0) return notSummarized("another run of the session has done it");
  const task = { before: past.summary?.text, turns, bounds };
  const { text, madeBy, ...told } = client.isAi
    ? await write(client, task, context)
    : extract(task, "never writes one");
  const runIds = turns.map(({ runId }) => runId);
  const isKept = await services.session.keepSummary({ text, madeBy, runIds, replaces: past.summary?.version });
  const covers = (past.summary?.turns ?? 0) + turns.length;
  const about = `${text.length} characters of ${covers} turns by ${madeBy}`;
  return toResult({ ...told, isKept, about, output: { ...told.output, text, madeBy, covers } });
}

type Written = Pick<NewSummary, "text" | "madeBy"> & Told;
type Told = Pick<NodeResult<AssistantState>, "prompt"> & { did: string; output?: object };

async function write(client: ModelClient, task: Task, context: StepContext): Promise<Written> {
  // Not what the run answers, so nobody hears it while it is written.
  const streams = { start: () => {}, data: () => {}, end: () => {}, copy: () => {} };
  const { before, turns, bounds } = task;
  let heard: Heard;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), WRITING_MS);
  try {
    const request = toSummaryRequest(before, turns, bounds);
    const signal = AbortSignal.any([context.signal, limit.signal]);
    heard = await listen(client.chat(request, signal), { ...context, streams });
  } catch (error) {
    const { code, message } = describeError(error);
    if (!context.signal.aborted && limit.signal.aborted)
      return extract(task, `wrote none within ${WRITING_MS / 1_000} s`);
    if (context.signal.aborted || !WROTE_NONE.has(code)) throw error;
    return extract(task, `wrote none: ${message}`);
  } finally {
    clearTimeout(timer);
  }
  const text = boundSummary(heard.text, bounds);
  const { profile, model } = heard.answeredBy ?? client;
  const output = toOutput(client, heard, []);
  const { prompt } = heard;
  // What was cut in the middle of a sentence, or held back, is none, and does not replace a whole one.
  if (text === "" || heard.reason !== "stop") return { ...extract(task, "wrote none that is whole"), prompt, output };
  const did = summarizeHeard(heard, `${turns.length} earlier turns are summed up`);
  return { text, madeBy: `${profile}/${model}`, prompt, did, output };
}

function extract({ before, turns, bounds }: Task, why: string): Written {
  const did = `Of ${turns.length} earlier turns the beginnings are kept: the model of this run ${why}`;
  return { text: toExtract(before, turns, bounds), madeBy: "scripted", did };
}

function toResult(told: Told & { isKept: boolean; about?: string }): NodeResult<AssistantState> {
  const { did, isKept, about = "the session's summary", output, prompt } = told;
  return {
    summary: isKept ? did : `${did}; not kept, because what it tells of has changed meanwhile`,
    outputSummary: about,
    output: { ...output, isKept },
    prompt,
  };
}

function notSummarized(why: string): NodeResult<AssistantState> {
  return {
    summary: `Earlier turns are not summed up now: ${why}`,
    outputSummary: "no summary",
    output: { isKept: false, reason: why },
  };
}
