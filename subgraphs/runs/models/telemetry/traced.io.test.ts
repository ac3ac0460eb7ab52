import type { EmbeddingClient } from "@soma/sdk/embedding-client";
import type { ChatEvent, ModelClient } from "@soma/sdk/model-client";
import type { ToolInvocation, ToolsPort } from "@soma/sdk/services";
import { SomaError } from "@soma/shared/errors";
import { registry } from "@soma/shared/metrics";
import { withSpan } from "@soma/shared/telemetry";
import { keepSpans } from "@soma/shared/testing/spans";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { createPricedModel } from "../../testing/priced-model.ts";
import { openWithFallbacks } from "../fallback.ts";
import { createScriptedClient } from "../scripted/client.ts";
import { GEN_AI } from "./gen-ai.ts";
import { tracedEmbeddings } from "./traced-embeddings.ts";
import { tracedModel } from "./traced-model.ts";
import { tracedTools } from "./traced-tools.ts";

const kept = keepSpans();
const everUsed = new Set<string>();
afterAll(() => kept.close());
beforeEach(() => {
  registry.resetMetrics();
  kept.spans.splice(0);
});

const SECRET = "the secret of the prompt";
const request = { messages: [{ role: "user", content: SECRET }], tools: [], maxOutputTokens: 64 } as const;
const said: ChatEvent = { type: "text", delta: SECRET };
const finish: ChatEvent = {
  ...{ type: "finish", reason: "stop", usage: { inputTokens: 40, cachedInputTokens: 30, outputTokens: 5 } },
  response: { id: "resp_1", model: "m-2026-11" },
};
const asked = {
  ...{ "gen_ai.operation.name": "chat", "gen_ai.provider.name": "mistral_ai", "gen_ai.request.model": "m" },
  ...{ "gen_ai.request.stream": true, "gen_ai.request.max_tokens": 64, "gen_ai.conversation.id": "session-1" },
  ...{ "gen_ai.request.temperature": 0.2, "gen_ai.request.top_p": 0.9, "gen_ai.request.seed": 7 },
  ...{ "server.address": "api.mistral.ai", "server.port": 443 },
};

function aModel(events: readonly ChatEvent[], error?: Error): ModelClient {
  const params = { temperature: 0.2, topP: 0.9, seed: 7 };
  const model = createPricedModel(null, { params });
  model.answer = async function* () {
    yield* events;
    if (error !== undefined) throw error;
  };
  const servedBy = { provider: "mistral_ai", address: "api.mistral.ai", port: 443 };
  return { ...model.client, servedBy };
}

/** Asks, reads `most` events, and gives the spans that have ended. */
async function spansOf(client: ModelClient, most = Number.POSITIVE_INFINITY, signal = new AbortController().signal) {
  let read = 0;
  const { chat } = tracedModel(client, { sessionId: "session-1" });
  try {
    for await (const _event of chat(request, signal)) if (++read === most) break;
  } catch (error) {
    if (!(error instanceof SomaError)) throw error;
  }
  return noted();
}

function noted() {
  for (const { attributes } of kept.spans) for (const name of Object.keys(attributes)) everUsed.add(name);
  return kept.spans;
}

async function counted(name: string) {
  const { values = [] } = (await registry.getSingleMetric(name)?.get()) ?? {};
  const of = values as { metricName?: string; value: number; labels: Record<string, unknown> }[];
  return of.filter(({ metricName }) => /_(count|sum)$/.test(metricName ?? ""));
}

describe("tracedModel()", () => {
  it("tells that JSON was asked for", async () => {
    const output = { name: "order", schema: { type: "object" } };
    const { chat } = tracedModel(aModel([said, finish]), { sessionId: "session-1" });
    await Array.fromAsync(chat({ ...request, output }, new AbortController().signal));
    expect(noted()[0]?.attributes).toMatchObject({ "gen_ai.output.type": "json" });
  });

  it("tells a whole answer by the names of the conventions, and not a word of it", async () => {
    const [span, ...others] = await spansOf(aModel([{ type: "note", text: SECRET }, said, finish]));
    expect(others).toEqual([]);
    expect(span).toMatchObject({ name: "chat m", kind: "CLIENT", failed: false, events: [] });
    expect(span?.attributes).toEqual({
      ...asked,
      ...{ "gen_ai.response.id": "resp_1", "gen_ai.response.model": "m-2026-11" },
      ...{ "gen_ai.response.finish_reasons": ["stop"], "gen_ai.response.time_to_first_chunk": expect.any(Number) },
      ...{ "gen_ai.usage.input_tokens": 40, "gen_ai.usage.cache_read.input_tokens": 30 },
      "gen_ai.usage.output_tokens": 5,
    });
    expect(JSON.stringify(span)).not.toContain(SECRET);
  });

  it("tells that an answer was cut, which is no error", async () => {
    const [span] = await spansOf(aModel([said, { type: "finish", reason: "length", usage: null }]));
    expect(span).toMatchObject({ failed: false, attributes: { "gen_ai.response.finish_reasons": ["length"] } });
    expect(span?.attributes).not.toHaveProperty("gen_ai.usage.input_tokens");
    expect(await counted("gen_ai_client_token_usage")).toEqual([]);
  });

  it("tells a failure by its code, without its message", async () => {
    const [span] = await spansOf(aModel([], new SomaError("UPSTREAM_UNAVAILABLE", SECRET)));
    expect(span).toMatchObject({ failed: true, events: [] });
    expect(span?.attributes).toEqual({ ...asked, "error.type": "UPSTREAM_UNAVAILABLE" });
    expect(JSON.stringify(span)).not.toContain(SECRET);
  });

  it("tells that a call was canceled, or its answer not read to the end; one that is whole was", async () => {
    const stop = AbortSignal.abort();
    const client = createScriptedClient("scripted");
    const canceled = [await spansOf(client, undefined, stop), await spansOf(aModel([said, said, finish]), 1)].flat();
    expect(canceled.map(({ attributes }) => attributes["error.type"])).toContain("CANCELED");
    kept.spans.splice(0);
    expect(await spansOf(aModel([said, finish]), 2)).toMatchObject([{ failed: false }]);
  });

  it("is a span for each hop, below the one in force", async () => {
    const clients = { first: aModel([], new SomaError("UPSTREAM_UNAVAILABLE", "HTTP 503")), second: aModel([finish]) };
    const hops = Object.keys(clients).map((profile) => ({ profile, attempts: 1 }));
    await withSpan("step model", {}, async () => {
      const model = await openWithFallbacks(hops, async (profile) =>
        tracedModel(clients[profile as keyof typeof clients], { sessionId: "session-1" }),
      );
      await Array.fromAsync(model.chat(request, new AbortController().signal));
    });
    const [first, second, step] = noted();
    expect([first?.failed, second?.failed, step?.name]).toEqual([true, false, "step model"]);
    expect([first?.parent, second?.parent]).toEqual([step?.id, step?.id]);
  });

  it("counts tokens, time and the time until something was said, by what was asked and where", async () => {
    await spansOf(aModel([said, finish]));
    await spansOf(aModel([], new SomaError("TIMEOUT", "no")));
    const labels = { gen_ai_operation_name: "chat", gen_ai_provider_name: "mistral_ai", gen_ai_request_model: "m" };
    const at = { ...labels, server_address: "api.mistral.ai", server_port: "443" };
    const tokens = await counted("gen_ai_client_token_usage");
    expect(tokens.filter(({ value }) => value > 1)).toMatchObject([
      { value: 40, labels: { ...at, gen_ai_token_type: "input" } },
      { value: 5, labels: { ...at, gen_ai_token_type: "output" } },
    ]);
    const calls = await counted("gen_ai_client_operation_duration_seconds");
    expect(calls.filter(({ metricName }) => metricName?.endsWith("_count"))).toMatchObject([
      { value: 1, labels: at },
      { value: 1, labels: { ...at, error_type: "TIMEOUT" } },
    ]);
    const first = await counted("gen_ai_client_operation_time_to_first_chunk_seconds");
    expect(first.filter(({ metricName }) => metricName?.endsWith("_count"))).toMatchObject([{ value: 1, labels: at }]);
  });
});

describe("tracedEmbeddings()", () => {
  const servedBy = { provider: "mistral_ai", address: "api.mistral.ai", port: 443 };
  const of = (embed: EmbeddingClient["embed"]): EmbeddingClient => ({
    ...{ profile: "p", provider: "x", model: "m", isAi: true, dimensions: 2, servedBy, embed },
  });
  const spanOf = async (client: EmbeddingClient) => {
    const asking = tracedEmbeddings(client, { sessionId: "session-1" }).embed([SECRET], new AbortController().signal);
    await asking.catch(() => {});
    return noted()[0];
  };
  const base = {
    ...{ "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "mistral_ai", "gen_ai.request.model": "m" },
    ...{ "gen_ai.conversation.id": "session-1", "gen_ai.embeddings.dimension.count": 2 },
    ...{ "server.address": "api.mistral.ai", "server.port": 443 },
  };

  it("tells what was asked and used, or the code it failed by, and no text", async () => {
    const usage = { inputTokens: 3, outputTokens: 0 };
    const good = await spanOf(of(async () => ({ vectors: [[1, 2]], usage, response: { model: "m-1" } })));
    expect(good).toMatchObject({ name: "embeddings m", kind: "CLIENT", failed: false, events: [] });
    const answered = { "gen_ai.response.model": "m-1", "gen_ai.usage.input_tokens": 3 };
    expect(good?.attributes).toEqual({ ...base, ...answered });
    expect(await counted("gen_ai_client_token_usage")).not.toEqual([]);
    kept.spans.splice(0);
    const failed = await spanOf(of(() => Promise.reject(new SomaError("TIMEOUT", SECRET))));
    expect(failed).toMatchObject({ failed: true, attributes: { ...base, "error.type": "TIMEOUT" } });
    expect(JSON.stringify([good, failed])).not.toContain(SECRET);
  });
});

describe("tracedTools()", () => {
  const good: ToolInvocation = { id: "inv_1", status: "SUCCEEDED", output: SECRET, error: null };
  const params = { tool: "calculate", args: { q: SECRET }, decisionToken: "t", idempotencyKey: "k", timeoutMs: 1 };
  const call = (invoke: ToolsPort["invoke"], callId?: string) =>
    tracedTools({ invoke, invocationIdOf: () => "inv_1" } as unknown as ToolsPort).invoke({ ...params, callId });

  it("tells tool and call, and what a call failed by, without arguments and output", async () => {
    await call(async () => withSpan("asked", {}, async () => good), "call_1");
    await call(async () => ({ ...good, status: "FAILED", error: { type: "disk_full", message: SECRET } }));
    await expect(call(() => Promise.reject(new SomaError("TOOL_BUSY", SECRET)))).rejects.toThrow(SECRET);
    const [asking, first, failed, refused] = noted();
    expect(first).toMatchObject({ name: "execute_tool calculate", kind: "INTERNAL", failed: false });
    expect(asking?.parent).toBe(first?.id);
    const tool = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "calculate" };
    const typed = { ...tool, "gen_ai.tool.type": "function" };
    expect(first?.attributes).toEqual({ ...typed, "gen_ai.tool.call.id": "call_1" });
    expect(failed?.attributes).toEqual({ ...typed, "gen_ai.tool.call.id": "inv_1", "error.type": "disk_full" });
    expect(refused).toMatchObject({ failed: true, attributes: { "error.type": "TOOL_BUSY" }, events: [] });
    expect(JSON.stringify(kept.spans)).not.toContain(SECRET);
  });
});

describe("GEN_AI", () => {
  it("names every attribute that spans have had here, and no other", () => {
    expect([...everUsed].sort()).toEqual(Object.values(GEN_AI).sort());
  });
});
