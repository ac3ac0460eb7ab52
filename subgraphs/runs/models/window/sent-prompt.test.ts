import { hash } from "node:crypto";
import type { ChatMessage, ModelClient } from "@soma/sdk/model-client";
import { describe, expect, it } from "vitest";
import { toSentPrompt } from "./sent-prompt.ts";

const client = { profile: "p", model: "m", terms: { params: { temperature: 0 } } } as unknown as ModelClient;

describe("toSentPrompt()", () => {
  it("tells what was sent: messages with their digests, calls, tools by name and digest, parameters", () => {
    const messages: ChatMessage[] = [
      { role: "system", content: "be kind" },
      { role: "user", content: "why?" },
      { role: "assistant", content: "", toolCalls: [{ id: "c1", name: "look", arguments: '{"at":1}' }] },
      { role: "tool", toolCallId: "c1", content: "found" },
    ];
    const tools = [{ name: "look", description: "looks", inputSchema: {} }];
    const output = { name: "order", schema: {} };
    const sent = toSentPrompt(client, { messages, tools, maxOutputTokens: 9, output });
    const params = { temperature: 0, maxOutputTokens: 9, output: "order" };
    expect(sent).toMatchObject({ profile: "p", model: "m", params });
    expect(sent.messages.map(({ role, text }) => [role, text])).toEqual(messages.map((m) => [m.role, m.content]));
    expect(sent.messages[0]).toMatchObject({ bytes: 7, sha256: hash("sha256", "be kind", "hex"), toolCallId: null });
    expect(sent.messages[2]?.calls).toEqual([{ id: "c1", name: "look", arguments: '{"at":1}' }]);
    expect(sent.messages[3]?.toolCallId).toBe("c1");
    expect(sent.tools).toEqual([{ name: "look", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  });

  it("masks secrets before it cuts, in texts and in arguments", () => {
    const secret = `sk-${"a".repeat(40)}`;
    const messages: ChatMessage[] = [
      { role: "user", content: `${"x".repeat(3_990)} ${secret} ${"y".repeat(9_000)}` },
      { role: "assistant", content: "", toolCalls: [{ id: "c", name: "n", arguments: `{"key":"${secret}"}` }] },
    ];
    const sent = JSON.stringify(toSentPrompt(client, { messages, tools: [] }));
    expect(sent).not.toContain("sk-");
    expect(sent).toContain("[redacted]");
  });

  it("is bounded, however much was sent, and keeps the system's message and the newest ones whole the longest", () => {
    const long: ChatMessage[] = Array.from({ length: 300 }, (_, n) => ({
      role: "user",
      content: `${n} ${"x".repeat(7_000)}`,
    }));
    const messages: ChatMessage[] = [{ role: "system", content: "be kind" }, ...long];
    const sent = toSentPrompt({ ...client, terms: {} }, { messages, tools: [] });
    expect(JSON.stringify(sent).length).toBeLessThan(64_000 + 300 * 500);
    expect(sent.messages[0]?.text).toBe("be kind");
    expect(sent.messages.at(-1)?.text).toBe(long.at(-1)?.content);
    expect(sent.messages[1]?.text).toContain("characters left out");
    expect(sent.messages).toHaveLength(301);
  });
});
