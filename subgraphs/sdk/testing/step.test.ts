import { describe, expect, it } from "vitest";
import type { NodeSpec } from "../node.ts";
import { tryStep } from "./step.ts";

const greet: NodeSpec<{ name: string }> = {
  type: "greet",
  async run(state, { services, streams, run, stepId, log }) {
    const { hits } = await services.memory.recall({ query: state.name, limit: 1 });
    streams.start({ stream: stepId, callId: "c", contentType: "text/plain" });
    streams.data(stepId, `hello ${state.name}`);
    streams.end(stepId, "OK");
    log.info({ hits: hits.length }, "greeted");
    return { summary: `greeted in ${run.tenant}`, patch: { name: hits[0]?.content ?? state.name } };
  },
};

const memory = {
  recall: async ({ query }: { query: string }) => ({
    source: "test",
    hits: [{ memoryId: "m", content: query.toUpperCase(), score: 1, why: "words" }],
  }),
  remember: () => Promise.reject(new Error("not used")),
  link: () => Promise.reject(new Error("not used")),
};

describe("tryStep()", () => {
  it("runs a node with the services the test gives, and keeps what it wrote", async () => {
    const { result, frames, logged } = await tryStep(greet, { state: { name: "ada" }, services: { memory } });
    expect(result).toEqual({ summary: "greeted in acme", patch: { name: "ADA" } });
    expect(frames.map((frame) => ("data" in frame ? frame.data : frame.delim))).toEqual(["start", "hello ada", "end"]);
    expect(logged).toEqual(["greeted"]);
  });

  it("names a service that the test did not give", async () => {
    await expect(tryStep(greet, { state: { name: "ada" } })).rejects.toThrow(/reached for the service "memory"/);
  });
});
