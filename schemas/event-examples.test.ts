import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EVENT_TYPES, type EventType } from "./generated/events.ts";
import { validateForPublish, validateForRead } from "./validate.ts";

interface Example {
  [field: string]: unknown;
}
interface EventFile {
  "x-event": { key: string };
  properties: Record<string, object>;
  required: string[];
  examples: Example[];
}

const readEvent = (type: EventType): EventFile =>
  JSON.parse(readFileSync(new URL(`${type}.json`, import.meta.url), "utf8")) as EventFile;
const firstOf = (type: EventType): Example => readEvent(type).examples[0] ?? {};

/** What is nearly an event: the first example of its type with one thing changed. */
const NEAR_MISSES: [type: EventType, words: string, changed: Example, field: string][] = [
  ["agent.audit.v1", "a category that it does not know", { category: "money" }, "/category"],
  ["agent.audit.v1", "meta that is a text", { meta: "none" }, "/meta"],
  ["agent.benchmarks.v1", "a metric that is no number", { metrics: { speed: "fast" } }, "/metrics/speed"],
  ["agent.runs.v1", "a status with two l", { status: "cancelled" }, "/status"],
  ["agent.runs.v1", "a tenant in capitals", { tenant: "ACME" }, "/tenant"],
  ["agent.runs.v1", "a cost as a number", { usage: { input_tokens: 1, output_tokens: 1, cost: 0.5 } }, "/usage/cost"],
  ["agent.runs.v1", "a fork from nowhere", { forked_from: { seq: 1 } }, "/forked_from"],
  ["agent.steps.v1", "a step that has no number", { step_id: "01990000-0000-7000-8000-000000000010" }, "/step_id"],
  ["agent.steps.v1", "a summary that is the payload", { inputs_summary: "x".repeat(1025) }, "/inputs_summary"],
  ["agent.tools.v1", "half a byte of output", { payload_size: 0.5 }, "/payload_size"],
  ["agent.tools.v1", "a time before it began", { tool_execution_ms: -1 }, "/tool_execution_ms"],
  [
    "config.changed.v1",
    "a digest of another kind",
    { digest_after: "d41d8cd98f00b204e9800998ecf8427e" },
    "/digest_after",
  ],
  ["config.changed.v1", "nobody who changed it", { actor: "" }, "/actor"],
  ["config.changed.v1", "a day for a time", { timestamp: "2026-11-26" }, "/timestamp"],
  ["conversation.event.v1", "a role that nobody has", { role: "agent" }, "/role"],
  ["conversation.event.v1", "an attachment that is an object", { attachments: [{ url: "a" }] }, "/attachments/0"],
  ["conversation.event.v1", "a session that is no id", { session_id: "mine" }, "/session_id"],
  ["conversation.event.v1", "no words at all", { message: null }, "/message"],
  ["conversation.event.v1", "a trace id of another length", { trace_id: "4bf92f35" }, "/trace_id"],
  ["memory.event.v1", "a state that it does not know", { sync_state: "lost" }, "/sync_state"],
  ["memory.event.v1", "a link to no id", { target_id: "that" }, "/target_id"],
  ["tool.request.v1", "arguments as a text", { args: "{}" }, "/args"],
  ["tool.request.v1", "arguments as a list", { args: [] }, "/args"],
  ["tool.request.v1", "a tool without a name", { tool_name: "" }, "/tool_name"],
  ["tool.request.v1", "a tenant that is a pattern", { tenant: "*" }, "/tenant"],
  ["tool.result.v1", "a status that it does not know", { status: "ok" }, "/status"],
  ["tool.result.v1", "a time before it began", { execution_time: -0.1 }, "/execution_time"],
  ["tool.result.v1", "a time as a text", { execution_time: "0.42 s" }, "/execution_time"],
  ["tool.result.v1", "metadata that is null", { metadata: null }, "/metadata"],
];

describe.each(EVENT_TYPES)("%s", (type) => {
  const { examples, properties, required, "x-event": about } = readEvent(type);

  it("has examples that may be published and can be read, and that show every field between them", () => {
    for (const example of examples) {
      expect(validateForPublish(type, example)).toEqual([]);
      expect(validateForRead(type, example)).toEqual([]);
    }
    const shown = new Set(examples.flatMap((example) => Object.keys(example)));
    expect([...shown].toSorted()).toEqual(Object.keys(properties).toSorted());
  });

  it.each(required)("refuses one without %s, by its name, from writers and to readers", (name) => {
    const { [name]: _, ...rest } = firstOf(type);
    for (const faults of [validateForPublish(type, rest), validateForRead(type, rest)]) {
      expect(faults).toHaveLength(1);
      expect(faults[0]).toContain(`'${name}'`);
    }
  });

  it("refuses a field that it does not know from writers, and lets it through to readers", () => {
    const more = { ...firstOf(type), unheard_of: 1 };
    expect(validateForPublish(type, more)).toEqual(["the event must NOT have additional properties (unheard_of)"]);
    expect(validateForRead(type, more)).toEqual([]);
  });

  it("has its key in every event", () => {
    expect([...required, "tenant"]).toContain(about.key);
  });

  it("has a near miss", () => {
    expect(NEAR_MISSES.map(([of]) => of)).toContain(type);
  });
});

describe("a near miss", () => {
  it.each(NEAR_MISSES)("of %s is refused: %s", (type, _words, changed, field) => {
    const event = { ...firstOf(type), ...changed };
    for (const faults of [validateForPublish(type, event), validateForRead(type, event)]) {
      expect(faults).toHaveLength(1);
      expect(faults[0]?.split(" ")[0]).toBe(field);
    }
  });

  it("is a new value of a list that may grow, to writers only", () => {
    const event = { ...firstOf("memory.event.v1"), action: "invented" };
    expect(validateForPublish("memory.event.v1", event)).toHaveLength(1);
    expect(validateForRead("memory.event.v1", event)).toEqual([]);
  });
});
