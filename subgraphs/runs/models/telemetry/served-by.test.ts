import type { ModelProfile } from "@soma/conf/models";
import { describe, expect, test } from "vitest";
import { readResponse } from "../read-response.ts";
import { toServedBy } from "./served-by.ts";

const profile = (changes: object): ModelProfile => ({
  ...{ provider: "openai-compatible", model: "m", timeoutsMs: { connect: 1, firstToken: 1, total: 1 } },
  ...changes,
});

describe("toServedBy()", () => {
  test.each([
    ["https://api.openai.com/v1", "openai", "api.openai.com", 443],
    ["https://me.openai.azure.com/openai/v1?api-version=1", "azure.ai.openai", "me.openai.azure.com", 443],
    ["https://api.mistral.ai/v1", "mistral_ai", "api.mistral.ai", 443],
    ["https://generativelanguage.googleapis.com/v1beta/openai", "gcp.gemini", "generativelanguage.googleapis.com", 443],
    ["https://us-central1-aiplatform.googleapis.com", "gcp.vertex_ai", "us-central1-aiplatform.googleapis.com", 443],
    ["https://bedrock-runtime.eu-west-1.amazonaws.com", "aws.bedrock", "bedrock-runtime.eu-west-1.amazonaws.com", 443],
    ["https://api.deepseek.com", "deepseek", "api.deepseek.com", 443],
    ["https://api.x.ai/v1", "x_ai", "api.x.ai", 443],
    ["http://127.0.0.1:11434/v1", "openai-compatible", "127.0.0.1", 11434],
    ["http://vllm/v1", "openai-compatible", "vllm", 80],
    ["https://notopenai.com/v1", "openai-compatible", "notopenai.com", 443],
  ])("of %s is %s", (baseUrl, provider, address, port) => {
    expect(toServedBy(profile({ baseUrl }))).toEqual({ provider, address, port });
  });

  test("of a package is its provider, also where that answers elsewhere or its address is not said", () => {
    const byPackage = { provider: "ai-sdk", package: "@ai-sdk/anthropic" };
    expect(toServedBy(profile(byPackage))).toEqual({ provider: "anthropic" });
    expect(toServedBy(profile({ ...byPackage, baseUrl: "http://proxy:8080" }))).toEqual({
      ...{ provider: "anthropic", address: "proxy", port: 8080 },
    });
    expect(toServedBy(profile({ provider: "scripted" }))).toEqual({ provider: "scripted" });
    expect(toServedBy(profile({ provider: "ai-sdk", package: "constructor" }))).toEqual({ provider: "ai-sdk" });
  });
});

describe("readResponse()", () => {
  test("keeps names of a reasonable length alone", () => {
    expect(readResponse({ id: "a", model: "m" })).toEqual({ id: "a", model: "m" });
    expect(readResponse({ id: "", model: "m" })).toEqual({ model: "m" });
    expect(readResponse({ id: 7, model: "m".repeat(257) })).toBeUndefined();
  });
});
