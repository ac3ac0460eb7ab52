import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

export interface EmbeddingSubject {
  client: EmbeddingClient;
  /** Bodies its server was sent; left out where there is no server. */
  requests?: readonly unknown[];
  close(): Promise<void>;
}

const never = new AbortController().signal;
const dot = (one: readonly number[] = [], other: readonly number[] = []): number =>
  one.reduce((sum, number, at) => sum + number * (other[at] ?? 0), 0);

/**
 * What every client keeps that makes vectors, whatever its model knows of texts. The model behind it makes vectors of
 * the words of a text, of length one.
 */
export function embeddingClientContract(name: string, make: () => Promise<EmbeddingSubject>): void {
  describe(`${name} keeps the contract of clients that make vectors:`, () => {
    let subject: EmbeddingSubject;
    beforeAll(async () => {
      subject = await make();
    });
    afterAll(() => subject.close());

    test("it names itself, and says how long its vectors are", () => {
      const { profile, provider, model, isAi, dimensions } = subject.client;
      expect([profile, provider, model].every((part) => part.length > 0)).toBe(true);
      expect([typeof isAi, dimensions > 0]).toEqual(["boolean", true]);
    });

    test("it gives each text its vector, in the order of the texts", async () => {
      const texts = ["a red apple", "Grüße 東京 👩‍💻", "apple, red", "nothing of the kind", "x".repeat(20_000), "a\nb"];
      const { vectors, usage } = await subject.client.embed(texts, never);
      expect(vectors.map(({ length }) => length)).toEqual(texts.map(() => subject.client.dimensions));
      expect(vectors.flat().every(Number.isFinite)).toBe(true);
      expect(dot(vectors[0], vectors[2])).toBeGreaterThan(dot(vectors[0], vectors[3]) + 0.2);
      if (usage !== null) expect(usage).toMatchObject({ inputTokens: expect.any(Number), outputTokens: 0 });
    });

    test("it gives one text the vector that the text has among others", async () => {
      const [alone, among] = await Promise.all([
        subject.client.embed(["second"], never),
        subject.client.embed(["first", "second"], never),
      ]);
      expect(alone.vectors[0]).toEqual(among.vectors[1]);
    });

    test("it asks nothing that is canceled before it begins, and says so", async () => {
      const before = subject.requests?.length;
      const asking = subject.client.embed(["a"], AbortSignal.abort());
      await expect(asking).rejects.toMatchObject({ code: "CANCELED" });
      expect(subject.requests?.length).toBe(before);
    });
  });
}
