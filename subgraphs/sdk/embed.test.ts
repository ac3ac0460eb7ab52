import { describe, expect, it } from "vitest";
import { embed } from "./embed.ts";
import type { EmbeddingClient } from "./embedding-client.ts";
import { graph, replaced } from "./graph.ts";
import { testAgent } from "./test-agent.ts";
import { tryStep } from "./testing/step.ts";

const node = embed<{ notes: string[]; vectors: number[][] }>({
  profile: "small",
  texts: ({ notes }) => notes,
  into: (vectors) => ({ vectors }),
});
const client: EmbeddingClient = {
  ...{ profile: "small", provider: "test", model: "m", isAi: true, dimensions: 2 },
  embed: async (texts) => ({
    vectors: texts.map((text) => [text.length, 1]),
    usage: { inputTokens: 7, outputTokens: 0, cost: "0.000007 USD" },
  }),
};
const tried = (notes: string[], asked: (string | undefined)[] = []) => {
  const embeddings = async (profile?: string) => {
    asked.push(profile);
    return client;
  };
  return tryStep(node, { state: { notes, vectors: [] }, services: { embeddings } });
};

describe("embed()", () => {
  it("has the model of its profile make a vector of each text, and keeps what it used", async () => {
    const asked: (string | undefined)[] = [];
    const { result } = await tried(["one", "three"], asked);
    expect(asked).toEqual(["small"]);
    expect(result).toEqual({
      patch: {
        vectors: [
          [3, 1],
          [5, 1],
        ],
      },
      summary: "Made 2 vectors of 2 numbers with small (m)",
      outputSummary: "2 vectors of 2 numbers",
      output: {
        ...{ profile: "small", provider: "test", model: "m", isAi: true, vectors: 2, dimensions: 2 },
        usage: { inputTokens: 7, outputTokens: 0, cost: "0.000007 USD" },
      },
    });
  });

  it("asks nobody where there is no text", async () => {
    const { result } = await tried([]);
    expect([result.patch, result.output]).toMatchObject([{ vectors: [] }, { vectors: 0 }]);
  });

  it.each([
    [["a", " "], "text 2 of 2 is empty"],
    [Array.from({ length: 1_001 }, () => "a"), "a step makes vectors of 1000 texts at most, not of 1001"],
  ])("refuses what no model takes, and more than a history should hold (%#)", async (notes, message) => {
    await expect(tried(notes)).rejects.toMatchObject({ code: "STEP_REFUSED", message });
  });

  it("tells before it begins of how many texts", () => {
    expect(node.inputSummary?.({ notes: ["a"], vectors: [] }, {} as never)).toBe("1 texts");
    expect(node.summary?.({ notes: [], vectors: [] })).toBe("Making vectors");
  });

  it("works in a test without a model, by words alone or by what the test gives", async () => {
    const nearest = graph("nearest", 1, { vectors: replaced<number[][]>([]) })
      .node(
        "embed",
        embed({ texts: (_state, { input }) => [String(input.text), "b"], into: (vectors) => ({ vectors }) }),
      )
      .build(({ vectors }) => String(vectors.length));
    expect(await testAgent(nearest, { input: "a" })).toMatchObject({ status: "SUCCEEDED", answer: "2" });
    const { state } = await testAgent(nearest, { input: "a", vectorsOf: (text) => [text === "b" ? 1 : 0] });
    expect(state.vectors).toEqual([[0], [1]]);
  });
});
