import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import { expect, test } from "vitest";
import { tryEmbeddings } from "./try-model.ts";

test("tryEmbeddings() asks for two vectors, and for one of what takes one text in a request", async () => {
  const asked: number[] = [];
  const client: EmbeddingClient = {
    ...{ profile: "p", provider: "x", model: "m", isAi: true, dimensions: 2 },
    async embed(texts) {
      asked.push(texts.length);
      return { vectors: texts.map(() => [3, 4]), usage: null };
    },
  };
  const tried = async (changes: Partial<EmbeddingClient>) =>
    (await tryEmbeddings({ ...client, ...changes }, new AbortController().signal))[0]?.detail;
  expect(await tried({})).toBe("2 vectors of 2 numbers, of length 5.00");
  expect(await tried({ mostTexts: 1 })).toBe("1 vectors of 2 numbers, of length 5.00");
  expect(asked).toEqual([2, 1]);
});
