import { StatusDocument } from "@soma/graphql/operations";
import { type OpenAiServer, scriptedAnswer, startOpenAiServer } from "@soma/runs/models/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProduct, type ProductUnderTest } from "../product.ts";

describe("any OpenAI-compatible server drives the same graph", () => {
  let product: ProductUnderTest;
  let server: OpenAiServer;

  beforeAll(async () => {
    server = await startOpenAiServer({ answer: scriptedAnswer });
    product = await createProduct();
    await product.start({ SOMA_MODEL_BASE_URL: server.baseUrl });
  });
  afterAll(async () => {
    await product.close();
    await server.close();
  });

  it("to the same end, with tool calls that come in pieces", async () => {
    const run = await product.ended(await product.send("What is 37*12? Remember that my favourite number is 37."));
    expect(run.modelProfile).toBe("custom");
    expect(run.answer).toBe("37*12 = 444.\n\nI remembered that your favourite number is 37.");
    expect(run.steps.nodes.map((step) => step.nodeId)).toEqual([
      "recall",
      "model",
      "branch",
      "policy",
      "tool",
      "branch",
      "policy",
      "tool",
      "branch",
      "model",
      "branch",
      "remember",
      "answer",
    ]);
    expect(server.requests.length).toBe(2);
  });

  it("after it was too busy, and after it was cut in the middle of its answer", async () => {
    server.failNext({ kind: "status", status: 429 }, { kind: "cut", afterLines: 3 });
    const run = await product.ended(await product.send("What is 2+2?"));
    expect(run.answer).toBe("2+2 = 4.");
    expect(run.steps.nodes[1]).toMatchObject({ nodeId: "model", attempt: 3 });
  });

  it("and what it refuses for good ends the run with its reason", async () => {
    server.failNext({ kind: "status", status: 401, message: "no such key" });
    const run = await product.ended(await product.send("What is 2+2?"));
    expect(run).toMatchObject({ status: "FAILED", error: { code: "MODEL_REFUSED" } });
    expect(run.error?.message).toContain("no such key");
  });

  it("and the product says that it is a model", async () => {
    const { modelStatus } = await product.client().request(StatusDocument, {});
    expect(modelStatus).toMatchObject({ profile: "custom", model: "test-model", isAi: true });
    expect(modelStatus.reason).toContain("SOMA_MODEL_BASE_URL is set");
  });
});
