import { describe, expect, it } from "vitest";
import { map } from "./branches.ts";
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
const tried = (notes: string[], asked: (string | undefined)[] = [], changes: Partial<EmbeddingClient> = {}) => {
  const embeddings = async (profile?: string) => {
    asked.push(profile);
    return { ...client, ...changes };
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

  const many = (count: number, text = "a") => Array.from({ length: count }, () => text);
  const more = "make more steps of them, as by map()";
  it.each([
    ["an empty text", ["a", " "], {}, "text 2 of 2 is empty"],
    [
      "more texts than a request of its profile has",
      ...[many(3), { mostTexts: 2 }, `a step has small make vectors of 2 texts at most, not of 3; ${more}`],
    ],
    [
      "more than any profile has, where its model says nothing",
      ...[many(1_001), {}, `a step has small make vectors of 1000 texts at most, not of 1001; ${more}`],
    ],
    [
      "more numbers than the state of a graph holds",
      many(53),
      { dimensions: 3_072 },
      `53 vectors of 3072 numbers are 162816, and a step has 160000 at most; ${more}`,
    ],
    [
      "more bytes than a request has, whatever the letters are",
      ...[many(2, "é".repeat(50_001)), {}, `the texts of a step come to 200000 bytes at most, not to 200004; ${more}`],
    ],
  ] as [string, string[], Partial<EmbeddingClient>, string][])(
    "refuses %s, and asks nobody",
    async (_what, notes, changes, message) => {
      const asked: number[] = [];
      const embedding = async (texts: readonly string[]) => {
        asked.push(texts.length);
        return client.embed(texts, new AbortController().signal);
      };
      const trying = tried(notes, [], { ...changes, embed: embedding });
      await expect(trying).rejects.toMatchObject({ code: "STEP_REFUSED", message });
      expect(asked).toEqual([]);
    },
  );

  it("takes so many numbers that they fit a state of 4 MiB, however long each is", async () => {
    const longest = Array.from({ length: 1_600 }, () => -1.2345678901234567e-100);
    const embed = async (texts: readonly string[]) => ({ vectors: texts.map(() => longest), usage: null });
    const { result } = await tried(many(100), [], { dimensions: 1_600, embed });
    expect(result.output).toMatchObject({ vectors: 100 });
    expect(Buffer.byteLength(JSON.stringify(result.patch))).toBeLessThan(4_194_304);
  });

  it("takes as many texts as a request has, and one that is long by itself", async () => {
    expect((await tried(many(2), [], { mostTexts: 2 })).result.output).toMatchObject({ vectors: 2 });
    expect((await tried(["x".repeat(200_001)])).result.output).toMatchObject({ vectors: 1 });
  });

  it("tells before it begins of how many texts, also of those that it refuses", () => {
    const told = (notes: string[]) => node.inputSummary?.({ notes, vectors: [] }, {} as never);
    expect([told(["a"]), told([""]), told(many(1_001))]).toEqual(["1 texts", "1 texts", "1001 texts"]);
    expect(node.summary?.({ notes: [], vectors: [] })).toBe("Making vectors");
  });

  it("makes vectors of more texts by map(), each request a step that is kept", async () => {
    const some = graph("some", 1, { texts: replaced<string[]>([]), vectors: replaced<number[][]>([]) })
      .node("embed", embed({ texts: ({ texts }) => texts, into: (vectors) => ({ vectors }) }))
      .build(() => "");
    const all = graph("all", 1, { vectors: replaced<number[][]>([]) })
      .node(
        "each",
        map({
          over: () => [many(1_000), many(500)],
          graph: some,
          start: (texts) => ({ texts }),
          join: (ends) => ({ summary: "Joined", patch: { vectors: ends.flatMap(({ vectors }) => vectors) } }),
        }),
      )
      .build(({ vectors }) => String(vectors.length));
    const { answer, path } = await testAgent(all, { input: "a", vectorsOf: () => [1] });
    expect(answer).toBe("1500");
    expect(path).toEqual(expect.arrayContaining(["each[0]/embed", "each[1]/embed"]));
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
