import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { type ForgetOptions, forgetMemories, showForgotten } from "./forget-memories.ts";
import { type Asked, printed, startStubProduct } from "./testing/stub-product.ts";

const RECEIPT = {
  ...{ id: "f1", scope: "SESSION", target: "s1", reason: "case 7\u001b[2J", orderedBy: "user:carol" },
  ...{ orderedAt: "2026-11-26T00:00:00Z", doneAt: "2026-11-26T00:00:01Z" },
  ...{ memories: 12, links: 3, calls: 13, words: 40 },
};

describe("soma memory forget and forgotten", () => {
  let product: Product;
  let answer: (asked: Asked) => unknown;
  const asked: Asked[] = [];
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct((one) => {
      asked.push(one);
      return answer(one);
    }));
  });
  afterAll(() => {
    process.exitCode = 0;
    close();
  });

  const options: ForgetOptions = {
    ...{ id: undefined, session: "s1", reason: "case 7", dryRun: false, withRuns: false, yes: true, json: false },
  };
  const forget = (more: Partial<ForgetOptions> = {}): Promise<string> =>
    printed(() => forgetMemories(product, { ...options, ...more }));

  it("asks nothing of the product unless it is meant, and counts in a dry run", async () => {
    await expect(forget({ yes: false })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining("say --yes"),
    });
    expect(asked).toEqual([]);
    answer = () => ({ data: { forgetMemory: { memories: 12, links: 3, forgotten: null } } });
    expect(await forget({ yes: false, dryRun: true })).toBe("12 memories with 3 links would go; nothing was changed\n");
    expect(asked.at(-1)?.variables).toMatchObject({ input: { sessionId: "s1", memoryId: null, dryRun: true } });
    expect(JSON.parse(await forget({ dryRun: true, json: true }))).toEqual({ memories: 12, links: 3 });
  });

  it("waits for what goes in the background, and shows the receipt without what acts on a terminal", async () => {
    answer = ({ query = "" }) =>
      query.includes("forgetMemory")
        ? { data: { forgetMemory: { memories: 1, links: 0, forgotten: { ...RECEIPT, memories: 1, doneAt: null } } } }
        : { data: { forgotten: RECEIPT } };
    const shown = await forget({ key: "k1" });
    expect(shown).toContain("order f1: the memories of session s1 are forgotten\nas user:carol asked at");
    expect(shown).toContain(
      "12 memories, 3 links, 40 words, and 13 keys that stood for them\ndone at 2026-11-26T00:00:01Z",
    );
    expect(shown).toContain("the runs they came from still have what was said");
    expect(shown).not.toContain("\u001b");
    expect(await printed(() => showForgotten(product, { id: "f1", json: false }))).toContain("12 memories");
    answer = () => ({ data: { forgotten: null } });
    await expect(showForgotten(product, { id: "f2", json: false })).rejects.toThrow("there is no order f2 to forget");
  });

  it("erases the runs they came from where that is asked for, and names those that cannot be", async () => {
    answer = ({ query = "", variables }) => {
      if (query.includes("forgetMemory"))
        return { data: { forgetMemory: { memories: 12, links: 3, forgotten: RECEIPT } } };
      if (query.includes("eraseRun")) {
        const { runId } = variables.input as { runId: string };
        if (runId === "r2")
          return { data: { eraseRun: null }, errors: [{ message: "run r2 is held", path: ["eraseRun"] }] };
        return { data: { eraseRun: { run: { id: runId, erasure: null }, forks: [] } } };
      }
      return { data: { forgotten: { id: "f1", runs: [{ id: "r1" }, { id: "r2" }] } } };
    };
    const shown = await forget({ withRuns: true });
    expect(shown).toContain("1 runs they came from are erased\nrun r2 is not: ");
    expect(shown).toContain("run r2 is held");
    expect(process.exitCode).toBe(1);
    expect(JSON.parse(await forget({ withRuns: true, json: true }))).toMatchObject({
      id: "f1",
      runs: { erased: ["r1"] },
    });
  });
});
