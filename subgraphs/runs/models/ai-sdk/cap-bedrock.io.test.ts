import { isRecord } from "@soma/schemas/json";
import { describe, expect, test } from "vitest";
import { ask, KEY } from "../testing/client-harness.ts";
import { createAiSdkClient } from "./client.ts";

const BUDGETED = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const BY_EFFORT = "amazon.nova-2-lite-v1:0";
const ADAPTIVE = "anthropic.claude-opus-4-6-v1";

/** What Amazon Bedrock is sent: its wire is binary and signed, so only the request is looked at. */
async function sentBy(changes: Partial<Parameters<typeof createAiSdkClient>[0]>) {
  const sent: { body: Record<string, unknown>; isSigned: boolean }[] = [];
  const send: typeof fetch = async (_input, init) => {
    const body = JSON.parse(String(init?.body)) as Record<string, unknown>;
    sent.push({ body, isSigned: /SignedHeaders=/.test(new Headers(init?.headers).get("authorization") ?? "") });
    return new Response(JSON.stringify({ message: "seen" }), { status: 400 });
  };
  const client = createAiSdkClient({
    ...{ profile: "test", provider: "ai-sdk", model: BUDGETED, package: "@ai-sdk/amazon-bedrock", secrets: [KEY] },
    settings: { region: "eu-central-1", accessKeyId: "AKIA0", secretAccessKey: KEY },
    timeoutsMs: { connect: 2_000, firstToken: 5_000, total: 5_000 },
    fetch: send,
    ...changes,
  });
  await expect(ask(client)).rejects.toThrow("answered HTTP 400: seen");
  const [only, ...others] = sent;
  expect([only?.isSigned, others]).toEqual([true, []]);
  const { inferenceConfig, additionalModelRequestFields } = only?.body ?? {};
  const { thinking, reasoningConfig } = isRecord(additionalModelRequestFields) ? additionalModelRequestFields : {};
  return [isRecord(inferenceConfig) ? inferenceConfig.maxTokens : undefined, thinking ?? reasoningConfig];
}

describe("createAiSdkClient() by @ai-sdk/amazon-bedrock", () => {
  const enabled = (tokens: number) => ({ type: "enabled", budget_tokens: tokens });
  const configured = (name: string, budgetTokens: number) => ({
    [name]: { reasoningConfig: { type: "enabled", budgetTokens } },
  });

  test("asks for no more tokens than it may, thoughts included, in one signed request", async () => {
    const params = { maxOutputTokens: 8_000 };
    for (const name of ["bedrock", "amazonBedrock"])
      expect(await sentBy({ params, providerOptions: configured(name, 20_000) })).toEqual([8_000, enabled(4_000)]);
    expect(await sentBy({ params: { ...params, reasoningEffort: "high" } })).toEqual([8_000, enabled(4_000)]);
    expect(await sentBy({ params, providerOptions: configured("bedrock", 2_000) })).toEqual([8_000, enabled(2_000)]);
  });

  test("lets it answer without thoughts where half of what it may is too little for them", async () => {
    const params = { maxOutputTokens: 2_000, reasoningEffort: "medium" as const };
    expect(await sentBy({ params })).toEqual([2_000, undefined]);
  });

  test("asks with less effort where the model takes no limit with more, so that its answer is bounded", async () => {
    const effort = (maxReasoningEffort: string) => ({ type: "enabled", maxReasoningEffort });
    const by = (reasoningEffort: "low" | "high" | "xhigh") =>
      sentBy({ model: BY_EFFORT, params: { maxOutputTokens: 8_000, reasoningEffort } });
    expect(await by("low")).toEqual([8_000, effort("low")]);
    expect(await by("high")).toEqual([8_000, effort("medium")]);
    expect(await by("xhigh")).toEqual([8_000, effort("medium")]);
    const bedrock = { reasoningConfig: effort("high") };
    for (const providerOptions of [{ bedrock }, { amazonBedrock: bedrock }])
      expect(await sentBy({ model: BY_EFFORT, params: { maxOutputTokens: 8_000 }, providerOptions })).toEqual([
        8_000,
        effort("medium"),
      ]);
    expect(await sentBy({ model: BY_EFFORT, params: { reasoningEffort: "high" } })).toEqual([
      undefined,
      effort("high"),
    ]);
  });

  test("leaves alone what has no limit, and a model that decides itself how much it thinks", async () => {
    expect(await sentBy({ providerOptions: configured("bedrock", 20_000) })).toEqual([24_096, enabled(20_000)]);
    const params = { maxOutputTokens: 8_000, reasoningEffort: "high" as const };
    expect(await sentBy({ model: ADAPTIVE, params })).toEqual([8_000, { type: "adaptive" }]);
  });
});
