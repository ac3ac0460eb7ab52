import { describe, expect, it } from "vitest";
import { chooseTopics } from "./choose-topics.ts";

const THERE = [
  "soma.acme.agent.runs.v1",
  "soma.acme.agent.tools.v1",
  "soma.acme.agent.tools.v1.dlq",
  "soma.acme.agent.tools.v1.enriched",
  "soma.globex.agent.runs.v1",
  "soma.globex.agent.tools.v1",
  "elsewhere.agent.tools.v1",
];

describe("chooseTopics()", () => {
  it("copies those of the names whose copy is there, and learns of runs from their tenants alone", () => {
    expect(chooseTopics(THERE, ["agent.tools.v1"])).toEqual({
      copied: ["soma.acme.agent.tools.v1"],
      learned: ["soma.acme.agent.runs.v1"],
      missing: ["soma.globex.agent.tools.v1"],
    });
  });

  it("never copies a copy, and reads none whose copy is missing, not even for its traces", () => {
    expect(chooseTopics(THERE, ["agent.tools.v1", "agent.runs.v1"])).toEqual({
      copied: ["soma.acme.agent.tools.v1"],
      learned: [],
      missing: ["soma.acme.agent.runs.v1", "soma.globex.agent.runs.v1", "soma.globex.agent.tools.v1"],
    });
  });
});
