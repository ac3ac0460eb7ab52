import type { EmbeddingProfile } from "@soma/conf/models";
import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import { SomaError } from "@soma/shared/errors";
import { describe, expect, test } from "vitest";
import { ModelError } from "./model-error.ts";
import { retriedEmbeddings } from "./retried-embeddings.ts";

const never = new AbortController().signal;

/** A client of a profile, and the requests that it makes, each of which fails with the next of the failures. */
function retried(
  embedding: Partial<EmbeddingProfile["embedding"]> = {},
  { attempts = 1, failures = [] }: { attempts?: number; failures?: Error[] } = {},
) {
  const asked: number[] = [];
  const client: EmbeddingClient = {
    ...{ profile: "p", provider: "x", model: "m", isAi: true, dimensions: 2 },
    async embed(texts) {
      asked.push(texts.length);
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return { vectors: texts.map((text) => [text.length, asked.length]), usage: null };
    },
  };
  const profile = { embedding: { dimensions: 2, ...embedding }, retry: { attempts } } as EmbeddingProfile;
  return { asked, client: retriedEmbeddings(client, profile) };
}

describe("retriedEmbeddings()", () => {
  test("makes one request of the texts, and says how many its profile has in one", async () => {
    const { asked, client } = retried({ batch: 2 });
    const texts = ["a", "bb"];
    expect((await client.embed(texts, never)).vectors).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect([asked, client.mostTexts, retried().client.mostTexts]).toEqual([[2], 2, 32]);
  });

  test("refuses more texts than its profile has in one request, and asks nobody", async () => {
    const { asked, client } = retried({ batch: 2 }, { attempts: 3 });
    await expect(client.embed(["a", "b", "c"], never)).rejects.toMatchObject({
      ...{ code: "MODEL_REFUSED", isOfProfile: false, spent: undefined },
      message: 'model profile "p" makes vectors of 2 texts in one request at most, not of 3',
    });
    expect(asked).toEqual([]);
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
    const { asked, client } = retried({}, { attempts, failures: [...failures] });
    const end = await client.embed(["a", "b"], never).then(
      ({ vectors }) => vectors.length,
      (error: unknown) => error,
    );
    expect(end).toBe(asked.length > failures.length ? 2 : failures.at(-1));
    expect(asked).toEqual(requests);
  });

  test.each<[string, number[][], object]>([
    [
      "vectors of another length than the profile says",
      [
        [1, 2, 3],
        [1, 2],
      ],
      {
        ...{ code: "MODEL_REFUSED", isOfProfile: true },
        message: "p (m) makes vectors of 2 numbers, and its profile says 3",
      },
    ],
    ...[Number.NaN, Number.POSITIVE_INFINITY, null as unknown as number].map((odd): [string, number[][], object] => [
      `a vector with ${odd} in it`,
      [
        [1, 2, 3],
        [1, odd, 3],
      ],
      { code: "MODEL_FAILED", isOfProfile: false, message: "p (m): vector 2 has what is no number" },
    ]),
  ])("refuses %s, with what they cost", async (_what, vectors, error) => {
    const usage = { inputTokens: 3, outputTokens: 0 };
    const other = retriedEmbeddings(
      {
        ...{ profile: "p", provider: "x", model: "m", isAi: true, dimensions: 3 },
        embed: async () => ({ vectors, usage }),
      },
      { embedding: { dimensions: 3 } } as EmbeddingProfile,
    );
    await expect(other.embed(["a", "b"], never)).rejects.toMatchObject({ ...error, spent: { usage } });
  });
});
