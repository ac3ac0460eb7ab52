import { describe, expect, it } from "vitest";
import { readEnricherSettings } from "./enricher-settings.ts";

const read = (topics: string) => readEnricherSettings({ SOMA_ENRICHER_TOPICS: topics });

describe("readEnricherSettings()", () => {
  it("reads the names of events, with commas", () => {
    expect(read("agent.tools.v1, conversation.inbound.v1,")).toEqual({
      topics: ["agent.tools.v1", "conversation.inbound.v1"],
    });
  });

  it("refuses every name that is no event's, among them copies and whole topics, and no name at all", () => {
    const both = /enriched" is no name[\s\S]*Tools" is no name/;
    expect(() => read("agent.tools.v1.enriched,soma.acme.Tools")).toThrow(both);
    expect(() => read(" , ")).toThrow("names no event");
    expect(() => readEnricherSettings({})).toThrow("SOMA_ENRICHER_TOPICS is not set");
  });
});
