import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Principal } from "@soma/shared/identity/principal";
import { aPrincipal } from "@soma/shared/testing/principals";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createModelTests } from "../commands/test-model.ts";
import { listProfiles } from "./list-profiles.ts";
import { createModelSource, type ModelSource } from "./model-source.ts";
import { createClientHarness } from "./testing/client-harness.ts";
import { type OpenAiServer, startOpenAiServer } from "./testing/openai-server.ts";
import type { ModelAnswer } from "./testing/wire-stream.ts";
import { tryModel } from "./try-model.ts";

const signal = new AbortController().signal;
const JSON_SAID = '```json\n{"sum": 42, "isEven": true}\n```';
const say = (text: string): ModelAnswer => ({ text, toolCalls: [] });

describe("tryModel()", () => {
  const harness = createClientHarness();
  let server: OpenAiServer;
  let folder: string;
  let answer: (question: string, tools: readonly unknown[]) => ModelAnswer;
  beforeEach(async () => {
    answer = (question, tools) => {
      if (tools.length > 0)
        return { text: "", toolCalls: [{ name: "calculate", arguments: '{"expression":"37*12"}' }] };
      return say(question.includes("JSON") ? JSON_SAID : "one, two, three, four, five");
    };
    server = await startOpenAiServer({ answer: ([message], tools) => answer(message?.content ?? "", tools) });
    folder = await mkdtemp(join(tmpdir(), "soma-try-"));
  });
  afterEach(async () => {
    await server.close();
    await harness.close();
    await rm(folder, { recursive: true, force: true });
  });

  const tried = async () => tryModel(harness.clientAt(server.baseUrl, { apiKey: undefined }), signal);

  test("tells that text, stream, tool call and JSON work, in three calls", async () => {
    const checks = await tried();
    expect(checks.map(({ what, ok }) => [what, ok])).toEqual([
      ["TEXT", true],
      ["STREAM", true],
      ["TOOL_CALL", true],
      ["JSON", true],
    ]);
    expect(checks.map(({ detail }) => detail)).toEqual([
      '"one, two, three, four, five"',
      expect.stringMatching(/^\d+ pieces$/),
      String.raw`calculate "{\"expression\":\"37*12\"}"`,
      JSON.stringify(JSON_SAID),
    ]);
    expect(server.requests).toHaveLength(3);
  });

  test("tells what does not, each by itself", async () => {
    answer = () => say("no");
    server.failNext({ kind: "whole" });
    expect(await tried()).toEqual([
      { what: "TEXT", ok: true, detail: '"no"' },
      { what: "STREAM", ok: false, detail: "the answer came in one piece" },
      { what: "TOOL_CALL", ok: false, detail: 'it called no tool, and said "no"' },
      { what: "JSON", ok: false, detail: 'it is not JSON: "no"' },
    ]);
    answer = (_question, tools) =>
      tools.length > 0 ? { text: "", toolCalls: [{ name: "other", arguments: "{}" }] } : say("[1]");
    const [, , call, json] = await tried();
    expect([call?.detail, json]).toEqual([
      'it called wrongly: other "{}"',
      { what: "JSON", ok: false, detail: 'the answer must be object: "[1]"' },
    ]);
  });

  test("asks nothing more of a model that says nothing", async () => {
    server.failNext({ kind: "status", status: 401, message: "no such key" });
    const checks = await tried();
    expect(checks.map(({ ok }) => ok)).toEqual([false, false, false, false]);
    expect(checks[0]?.detail).toContain("no such key");
    expect(server.requests).toHaveLength(1);
  });

  async function openSource(): Promise<ModelSource> {
    const times = "timeoutsMs: { connect: 1000, firstToken: 1000, total: 1000 }";
    const price = "price: { inputPerMillion: 1, outputPerMillion: 2, currency: EUR }";
    const profiles = [
      `one: { provider: scripted, model: s, ${times} }`,
      `two: { provider: openai-compatible, model: m, baseUrl: "${server.baseUrl}?api-version=1", ${times}, ${price} }`,
      `vectors: { provider: openai-compatible, model: test-model, baseUrl: "${server.baseUrl}", ${times}, embedding: { dimensions: 32 } }`,
      `three: { provider: openai-compatible, model: m, baseUrl: "http://127.0.0.1:9", apiKeyEnv: NO_KEY, ${times} }`,
    ];
    const choices =
      "roles: { clerk: { default: two } }\ntenants: { acme: { allow: [two, three, vectors] }, other: { default: one } }";
    await writeFile(
      join(folder, "models.yaml"),
      `default: one\nauto: [one]\n${choices}\nprofiles:\n  ${profiles.join("\n  ")}\n`,
    );
    const settings = { modelProfile: "", firstTokenMs: 0, silenceMs: 0, totalMs: 0 };
    return createModelSource({ confDir: pathToFileURL(`${folder}/`), env: {}, settings });
  }

  test("listProfiles() tells of each whether it can be used in a tenant, and nothing of other tenants", async () => {
    const reports = await listProfiles(await openSource(), { tenant: "acme", role: "operator" });
    expect(reports.map(({ name, isUsable, why, defaultOf }) => [name, isUsable, why, defaultOf])).toEqual([
      ["one", false, 'tenant "acme" may not use model profile "one"; it may use two, three, vectors', ["product"]],
      ["two", true, expect.stringContaining("a server answers at"), ["role clerk"]],
      ["vectors", true, expect.stringContaining("test-model is used"), []],
      ["three", false, "NO_KEY is not set", []],
    ]);
    expect(reports[1]).toMatchObject({ address: server.baseUrl, profile: { price: { currency: "EUR" } } });
  });

  test("createModelTests() asks a profile that makes vectors for two, and tells why there are none", async () => {
    const tests = createModelTests(await openSource());
    const operator = aPrincipal({ roles: ["operator"] });
    const test = async () => {
      const { checks } = await tests(operator, { profile: "vectors", idempotencyKey: `k${server.requests.length}` });
      return checks;
    };
    expect(await test()).toEqual([{ what: "EMBEDDINGS", ok: true, detail: "2 vectors of 32 numbers, of length 1.00" }]);
    server.failNext({ kind: "status", status: 401, message: "no such key" });
    expect(await test()).toMatchObject([{ ok: false, detail: expect.stringContaining("no such key") }]);
  });

  test("createModelTests() tests for operators, what their tenant may use, six times a minute", async () => {
    const tests = createModelTests(await openSource());
    const keys: number[] = [];
    const test = (principal: Principal, { profile }: { profile: string }, idempotencyKey = `k${keys.push(0)}`) =>
      tests(principal, { profile, idempotencyKey });
    const operator = aPrincipal({ roles: ["operator"] });
    await expect(test(aPrincipal({ roles: ["assistant"] }), { profile: "two" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(test(operator, { profile: "four" })).rejects.toThrow('there is no model profile "four"');
    const first = await test(operator, { profile: "two" }, "key");
    expect(first).toMatchObject({ profile: "two", model: "m" });
    expect(await test(operator, { profile: "two" }, "key")).toBe(first);
    await expect(test(operator, { profile: "three" }, "key")).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    await expect(test(operator, { profile: "one" })).rejects.toThrow('tenant "acme" may not use');
    for (let count = 2; count < 6; count += 1) await test(operator, { profile: "two" });
    const asked = server.requests.length;
    await expect(test(operator, { profile: "two" })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: "tenant acme has tested models 6 times within a minute; each test costs money",
    });
    expect(server.requests.length).toBe(asked);
    expect(await test(aPrincipal({ tenant: "beta", roles: ["operator"] }), { profile: "one" })).toMatchObject({
      provider: "scripted",
    });
  });
});
