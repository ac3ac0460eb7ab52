import type { EmbeddingProfile } from "@soma/conf/models";
import type { Embedded, EmbeddingClient } from "@soma/sdk/embedding-client";
import { SomaError } from "@soma/shared/errors";
import { describe, expect, test } from "vitest";
import { inBatches } from "./in-batches.ts";
import { ModelError } from "./model-error.ts";

const never = new AbortController().signal;

/** A client in batches, and the requests that it makes, each of which fails with the next of the failures. */
function batched(
  embedding: Partial<EmbeddingProfile["embedding"]> = {},
  { attempts = 1, failures = [], usage }: { attempts?: number; failures?: Error[]; usage?: Embedded["usage"] } = {},
) {
  const asked: number[] = [];
  const client: EmbeddingClient = {
    ...{ profile: "p", provider: "x", model: "m", isAi: true, dimensions: 2 },
    async embed(texts) {
      asked.push(texts.length);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return { vectors: texts.map((text) => [text.length, asked.length]), usage: usage ?? null };
    },
  };
  const profile = { embedding: { dimensions: 2, ...embedding }, retry: { attempts } } as EmbeddingProfile;
  return { asked, embed: (texts: readonly string[]) => inBatches(client, profile).embed(texts, never) };
}

describe("inBatches()", () => {
  const texts = ["a", "bb", "ccc", "dddd", "eeeee"];

  test("asks for so many texts at a time as the profile says, and keeps their order", async () => {
    const { asked, embed } = batched({ batch: 2 });
    expect((await embed(texts)).vectors).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 2],
      [5, 3],
    ]);
    expect(asked).toEqual([2, 2, 1]);
    const usual = batched();
    await usual.embed(Array.from({ length: 70 }, () => "a"));
    expect(usual.asked).toEqual([32, 32, 6]);
  });

  test("asks for fewer where they are long, and for one that is longer by itself", async () => {
    const { asked, embed } = batched();
    await embed(["x".repeat(150_000), "y".repeat(40_000), "z".repeat(40_000), "u".repeat(300_000), "v"]);
    expect(asked).toEqual([2, 1, 1, 1]);
  });

  test("sums what the requests used and cost; of which one is not told, none is", async () => {
    const usage = { inputTokens: 3, outputTokens: 0, cost: "0.000003 USD" };
    const { embed } = batched({ batch: 2 }, { usage });
    expect((await embed(texts)).usage).toEqual({ inputTokens: 9, outputTokens: 0, cost: "0.000009 USD" });
    expect((await batched({ batch: 2 }, { usage: { inputTokens: 3, outputTokens: 0 } }).embed(texts)).usage).toEqual({
      inputTokens: 9,
      outputTokens: 0,
    });
    expect((await batched().embed(texts)).usage).toBeNull();
  });

  const away = () => new SomaError("UPSTREAM_UNAVAILABLE", "away");
  test.each<[string, number, Error[], number[]]>([
    ["again as often as the profile says", 3, [away(), away()], [2, 2, 2]],
    ["not again what is refused", 3, [new ModelError("MODEL_REFUSED", "no")], [2]],
    [
      "not again at once where it is asked to wait",
      3,
      [new ModelError("UPSTREAM_UNAVAILABLE", "later", { retryAfterMs: 9 })],
      [2],
    ],
    ["not again what waits for a person", 3, [new ModelError("UNAVAILABLE", "no key", { isOfProfile: true })], [2]],
    ["once where the profile says nothing", 1, [away()], [2]],
  ])("asks %s", async (_what, attempts, failures, requests) => {
    const { asked, embed } = batched({}, { attempts, failures: [...failures] });
    const end = await embed(["a", "b"]).then(
      ({ vectors }) => vectors.length,
      (error: unknown) => error,
    );
    expect(end).toBe(asked.length > failures.length ? 2 : failures.at(-1));
    expect(asked).toEqual(requests);
  });

  test("refuses vectors of another length than the profile says, with what they cost", async () => {
    const usage = { inputTokens: 3, outputTokens: 0 };
    const other = inBatches(
      {
        ...{ profile: "p", provider: "x", model: "m", isAi: true, dimensions: 3 },
        embed: async () => ({ vectors: [[1, 2]], usage }),
      },
      { embedding: { dimensions: 3 } } as EmbeddingProfile,
    );
    await expect(other.embed(["a"], never)).rejects.toMatchObject({
      ...{ code: "MODEL_REFUSED", isOfProfile: true, spent: { usage } },
      message: "p (m) makes vectors of 2 numbers, and its profile says 3",
    });
  });
});
