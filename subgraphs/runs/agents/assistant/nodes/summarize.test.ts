import type { ChatRequest, FinishReason, ModelClient } from "@soma/sdk/model-client";
import type { NewSummary, SessionPast, StepServices } from "@soma/sdk/services";
import { createTestServices } from "@soma/sdk/testing/services";
import { TEST_RUN, type TryStepParams, tryStep } from "@soma/sdk/testing/step";
import { SomaError } from "@soma/shared/errors";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AssistantState } from "../assistant-state.ts";
import assistant from "../graph.ts";
import { summarizeNode } from "./summarize.ts";

const state = assistant.initial() as AssistantState;
const turnsOf = (count: number, text = "is tea hot?"): SessionPast["turns"] =>
  Array.from({ length: count }, (_, n) => ({ runId: `r${n}`, user: `${n}: ${text}`, assistant: "yes" }));

function aModel(
  answer: string | Error,
  isAi = true,
  reason: FinishReason = "stop",
): { client: ModelClient; asked: ChatRequest[] } {
  const asked: ChatRequest[] = [];
  const client: ModelClient = {
    ...{ profile: "p", provider: "test", model: "m", isAi },
    async *chat(request) {
      asked.push(request);
      if (answer instanceof Error) throw answer;
      yield { type: "text", delta: answer };
      yield { type: "finish", reason, usage: { inputTokens: 9, outputTokens: 2 } };
    },
  };
  return { client, asked };
}

async function summarizing(client: ModelClient, past: Partial<SessionPast>, isKept = true) {
  const kept: NewSummary[] = [];
  const session: StepServices["session"] = {
    ...createTestServices({ now: () => new Date() }).services.session,
    past: async () => ({ summary: undefined, turns: [], ...past }),
    keepSummary: async (summary) => {
      kept.push(summary);
      return isKept;
    },
  };
  const params: TryStepParams<AssistantState> = { state, services: { session, model: async () => client } };
  return { ...(await tryStep(summarizeNode, params)), kept };
}

afterEach(() => void vi.useRealTimers());

describe("summarizeNode", () => {
  it("asks for the kept summary and the turns that left the window since, and streams nothing", async () => {
    const { client, asked } = aModel(" They like tea. ");
    const summary = { text: "They are Ada.", madeBy: "p/m", turns: 10, version: "v1" };
    const { result, kept, frames } = await summarizing(client, { summary, turns: turnsOf(20) });
    const runIds = turnsOf(10).map(({ runId }) => runId);
    expect(kept).toEqual([{ text: "They like tea.", madeBy: "p/m", runIds, replaces: "v1" }]);
    const question = asked[0]?.messages.at(-1)?.content;
    expect(question).toContain("They are Ada.");
    expect(question).toContain("User: 9: is tea hot?\n\nAssistant: yes");
    expect(question).not.toContain("10: is tea hot?");
    expect(frames).toEqual([]);
    expect(result.summary).toBe("10 earlier turns are summed up");
    expect(result.output).toMatchObject({ covers: 20, isKept: true, usage: { inputTokens: 9 } });
  });

  it("takes fewer turns where they are long, and bounds what the model writes", async () => {
    const { client } = aModel("é".repeat(100_000));
    const { kept } = await summarizing(client, { turns: turnsOf(30, "x".repeat(100_000)) });
    expect(kept[0]?.runIds.length).toBeGreaterThan(5);
    expect(kept[0]?.runIds.length).toBeLessThan(20);
    expect(kept[0]?.text.length).toBeLessThanOrEqual(8_000);
  });

  it("keeps the beginnings of turns, and says so, where the model is a set of rules", async () => {
    const { client, asked } = aModel("never", false);
    const summary = { text: '- asked "a", answered "b"', madeBy: "scripted", turns: 1, version: "v1" };
    const { result, kept } = await summarizing(client, { summary, turns: turnsOf(11) });
    expect(asked).toEqual([]);
    const text = '- asked "a", answered "b"\n- asked "0: is tea hot?", answered "yes"';
    expect(kept).toMatchObject([{ text, madeBy: "scripted", runIds: ["r0"] }]);
    expect(result.summary).toContain("beginnings");
    const { kept: long } = await summarizing(client, {
      summary: { ...summary, text: "word ".repeat(9_000) },
      turns: turnsOf(11),
    });
    expect(long[0]?.text).toBe('- asked "0: is tea hot?", answered "yes"');
  });

  it.each<[string, string | Error, FinishReason, string]>([
    ["refuses", new SomaError("MODEL_REFUSED", "it thought too long"), "stop", "wrote none: it thought too long"],
    ["writes nothing", " \n", "stop", "wrote none that is whole"],
    ["is cut", "They like", "length", "wrote none that is whole"],
    ["is held back", "They like", "content_filter", "wrote none that is whole"],
  ])(
    "keeps the beginnings of turns when the model %s, so that it is not asked again at each message",
    async (...row) => {
      const [, answer, reason, why] = row;
      const { result, kept } = await summarizing(aModel(answer, true, reason).client, { turns: turnsOf(11) });
      expect(kept).toMatchObject([{ text: '- asked "0: is tea hot?", answered "yes"', madeBy: "scripted" }]);
      expect(result.summary).toBe(`Of 1 earlier turns the beginnings are kept: the model of this run ${why}`);
    },
  );

  it("keeps the beginnings of turns when the model is slow, and holds the end of its run no longer", async () => {
    vi.useFakeTimers();
    const slow: ModelClient = {
      ...aModel("").client,
      chat: async function* (_request, signal) {
        yield { type: "text", delta: "They" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        throw new SomaError("CANCELED", "the call was canceled");
      },
    };
    const summing = summarizing(slow, { turns: turnsOf(11) });
    await vi.advanceTimersByTimeAsync(30_000);
    const { result, kept } = await summing;
    expect(kept).toMatchObject([{ madeBy: "scripted", runIds: ["r0"] }]);
    expect(result.summary).toContain("the model of this run wrote none within 30 s");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("goes on without a summary when no budget pays for it, and when the model is away", async () => {
    const spent = new SomaError("BUDGET_EXCEEDED", "the budget of the day is spent");
    const { result, kept } = await summarizing(aModel(spent).client, { turns: turnsOf(20) });
    expect(result.summary).toBe("Earlier turns are not summed up now: a budget is spent");
    expect(result.patch).toBeUndefined();
    expect(kept).toEqual([]);
    const away = new SomaError("UPSTREAM_UNAVAILABLE", "it is away");
    await expect(summarizing(aModel(away).client, { turns: turnsOf(20) })).rejects.toBe(away);
    expect(summarizeNode.giveUp?.(state, { code: "TIMEOUT", message: "it took 120 s" }).summary).toContain("120 s");
  });

  it("does nothing more where its run has summed up already, and its process died then", async () => {
    const { client, asked } = aModel("They like tea.");
    const summary = { text: "They are Ada.", madeBy: "p/m", turns: 10, version: TEST_RUN.runId };
    const { result, kept } = await summarizing(client, { summary, turns: turnsOf(30) });
    expect([kept, asked]).toEqual([[], []]);
    expect(result).toMatchObject({ summary: "Earlier turns are summed up", output: { isKept: true } });
  });

  it("takes what a model can read, so that nothing of it is cut once more", async () => {
    const { client, asked } = aModel("They like tea.");
    const terms = { contextTokens: 4_096 };
    const summary = { text: "word ".repeat(5_000), madeBy: "p/m", turns: 10, version: "v1" };
    const { kept } = await summarizing({ ...client, terms }, { summary, turns: turnsOf(30, "x ".repeat(4_000)) });
    const whole = asked[0]?.messages.at(-1)?.content;
    const fitted = asked[0]?.fit?.(4_096 * (3 / 4));
    expect(fitted).toMatchObject({ leftOut: undefined, messages: [{}, { content: whole }] });
    expect(kept[0]?.runIds.length).toBeGreaterThan(0);
  });

  it("says when another run was faster, or a run it tells of was erased meanwhile", async () => {
    const { client } = aModel("text");
    const { result } = await summarizing(client, { turns: turnsOf(20) }, false);
    expect(result.summary).toContain("not kept");
    expect((await summarizing(client, { turns: turnsOf(10) })).result.summary).toContain("another run");
  });
});

describe("the assistant", () => {
  it("sums up only when it is due, so that runs of before go the way they went", () => {
    expect(assistant.next("remember", state)).toBe("answer");
    expect(assistant.next("remember", { ...state, summaryDue: true })).toBe("summarize");
  });
});
