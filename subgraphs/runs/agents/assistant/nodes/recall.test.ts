import type { MemoryPort, SessionPast, SessionTurn, StepServices } from "@soma/sdk/services";
import { createTestServices } from "@soma/sdk/testing/services";
import { tryStep } from "@soma/sdk/testing/step";
import { describe, expect, it } from "vitest";
import type { AssistantState } from "../assistant-state.ts";
import assistant from "../graph.ts";
import { recallNode } from "./recall.ts";

const state = assistant.initial() as AssistantState;

function knowing(
  contents: readonly string[],
  said: SessionTurn[],
  summary?: SessionPast["summary"],
): Partial<StepServices> {
  const past = { summary, turns: said.map((turn, at) => ({ ...turn, runId: `r${at}` })) };
  const hits = contents.map((content, at) => ({ memoryId: `m${at}`, content, score: 1, why: "words" }));
  return {
    memory: { recall: async () => ({ source: "local", hits }) } as unknown as MemoryPort,
    session: { ...createTestServices({ now: () => new Date() }).services.session, past: async () => past },
  };
}

describe("recallNode", () => {
  it("brings memories and earlier turns as they are while they are short", async () => {
    const turns = [{ user: "hi", assistant: "hello" }];
    const { result } = await tryStep(recallNode, { state, services: knowing(["likes tea"], turns) });
    expect(result.patch).toEqual({ memories: ["likes tea"], history: turns });
  });

  it("keeps the newest turns, and both ends of each, however long the session and its texts are", async () => {
    const turns = Array.from({ length: 10 }, (_, n) => ({ user: `${n}`, assistant: "é".repeat(500_000) }));
    const services = knowing(
      Array.from({ length: 8 }, () => "x".repeat(60_000)),
      turns,
    );
    const { result } = await tryStep(recallNode, { state, services });
    expect(result.patch?.history?.map(({ user }) => user)).toEqual(["4", "5", "6", "7", "8", "9"]);
    expect(result.patch?.history?.at(-1)?.assistant).toMatch(/^é+\n\[\.\.\. \d+ characters left out \.\.\.\]\né+$/);
    expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThan(64_000 + 2 * 8 * 8_000 + 2_000);
  });

  it("brings the summary of what lies before, and says when so much has left the window that it is to be extended", async () => {
    const turns = (count: number) => Array.from({ length: count }, (_, n) => ({ user: `${n}`, assistant: "yes" }));
    const kept = { text: "They like tea.", madeBy: "p/m", turns: 10, version: "v" };
    const { result } = await tryStep(recallNode, { state, services: knowing([], turns(19), kept) });
    expect(result.patch).toMatchObject({ summary: { text: "They like tea.", madeBy: "p/m" }, history: turns(19) });
    expect(result.patch).not.toHaveProperty("summaryDue");
    const { result: due } = await tryStep(recallNode, { state, services: knowing([], turns(30), kept) });
    expect(due.patch?.summaryDue).toBe(true);
    expect(due.patch?.history?.map(({ user }) => user)).toEqual(
      turns(30)
        .slice(10)
        .map(({ user }) => user),
    );
  });
});
