import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { listModels, testModel } from "./models.ts";
import { startStubProduct, written } from "./testing/stub-product.ts";

const BIG = {
  ...{ name: "big", provider: "OPENAI_COMPATIBLE", model: "gpt-x", address: "https://api.example/v1" },
  ...{ isUsable: false, why: "BIG_KEY is not set", fallbacks: ["small"], defaultOf: ["product", "role clerk"] },
  price: { inputPerMillion: 2.5, cachedInputPerMillion: 0.5, outputPerMillion: 10, currency: "USD" },
};
const SMALL = {
  ...{ name: "small", provider: "SCRIPTED", model: "", address: null, isUsable: true, why: "it is there\u001b[2J" },
  ...{ price: null, fallbacks: [], defaultOf: [] },
};
const VECTORS = { ...BIG, name: "vectors", model: "embed-x", dimensions: 768 };
const check = (what: string, ok: boolean, detail: string) => ({ what, ok, detail });

describe("soma models", () => {
  let product: Product;
  let answer: unknown;
  let close = (): void => {};
  beforeAll(async () => {
    ({ product, close } = await startStubProduct(() => answer));
  });
  afterEach(() => {
    process.exitCode = undefined;
  });
  afterAll(() => close());

  it("list: what each profile is, costs and is for, and why it can be used or not", async () => {
    answer = { data: { modelProfiles: [BIG, SMALL, VECTORS] } };
    const { stdout } = await written(() => listModels(product, false));
    expect(stdout).toMatch(
      /big +openai-compatible +gpt-x +https:\/\/api\.example\/v1 +2\.5 \(0\.5\) \/ 10 USD +product, role clerk +small +no: BIG_KEY is not set/,
    );
    expect(stdout).toMatch(/small +scripted +the first one +yes: it is there/);
    expect(stdout).toMatch(/vectors +openai-compatible +embed-x \(vectors of 768\) +https/);
    expect(stdout).not.toContain("\u001b");
    expect(JSON.parse((await written(() => listModels(product, true))).stdout)).toEqual([BIG, SMALL, VECTORS]);
  });

  it("test: what works, and the exit code is 1 only when no text and no vectors came", async () => {
    const tested = { profile: "big", provider: "OPENAI_COMPATIBLE", model: "gpt-x" };
    const checks = [
      check("TEXT", true, '"one"'),
      check("STREAM", true, "3 pieces"),
      check("TOOL_CALL", false, "no call"),
    ];
    answer = { data: { testModel: { ...tested, checks } } };
    const { stdout } = await written(() => testModel(product, { profile: "big", json: false }));
    expect(stdout).toBe(
      'big · openai-compatible · gpt-x\n✓ text       "one"\n✓ stream     3 pieces\n✕ tool call  no call\n',
    );
    expect(process.exitCode).toBeUndefined();
    answer = { data: { testModel: { ...tested, checks: [check("TEXT", false, "HTTP 401")] } } };
    const { stdout: json } = await written(() => testModel(product, { profile: "big", json: true }));
    expect([JSON.parse(json).checks[0].detail, process.exitCode]).toEqual(["HTTP 401", 1]);
  });

  it("test: of what makes vectors, whether it does", async () => {
    const tested = { profile: "vectors", provider: "OPENAI_COMPATIBLE", model: "embed-x" };
    answer = { data: { testModel: { ...tested, checks: [check("EMBEDDINGS", true, "2 vectors")] } } };
    const { stdout } = await written(() => testModel(product, { profile: "vectors", json: false }));
    expect(stdout).toBe("vectors · openai-compatible · embed-x\n✓ embeddings 2 vectors\n");
    expect(process.exitCode).toBeUndefined();
  });

  it("test: passes on what the product says instead", async () => {
    answer = { errors: [{ message: 'there is no model profile "x"', extensions: { code: "BAD_INPUT" } }] };
    await expect(testModel(product, { profile: "x", json: false })).rejects.toThrow('there is no model profile "x"');
  });
});
