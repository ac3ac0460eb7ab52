import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EVENT_TYPES } from "../generated/events.ts";
import { channelsOf, type EventSchema } from "./event-schema.ts";
import { toAsyncApi } from "./to-asyncapi.ts";
import { toEventPage } from "./to-event-page.ts";

const sample: EventSchema = {
  $id: "agent.sample.v1.json",
  title: "SampleEvent",
  description: "A sample.",
  "x-event": { key: "id", emitted_by: ["runs"], consumed_by: [] },
  properties: {
    id: { type: "string", format: "uuid", description: "One | of them" },
    kind: { const: "sample" },
    state: { enum: ["on", "off"], "x-open-enum": true },
    fixed: { enum: ["a"] },
    size: { type: ["number", "null"], minimum: 0 },
    names: { type: "array", items: { type: "string", minLength: 1, maxLength: 9 }, maxItems: 3 },
    counts: { type: "object", additionalProperties: { type: "number" } },
    mark: { type: "string", pattern: "^(a|b)$" },
    payload: {},
    from: { type: "object", properties: { seq: { type: "integer" } }, required: ["seq"], additionalProperties: false },
  },
  required: ["id"],
  examples: [{ id: "1" }],
};
const page = toEventPage(sample);

describe("toEventPage()", () => {
  it.each([
    "# agent.sample.v1",
    "- Topic: `soma.{tenant}.agent.sample.v1`",
    "- Key: `id`. Events of one key come in their order.",
    "- Emitted by: runs",
    "- Consumed by: no part of the product, in this version",
    "| `id` | string, uuid | yes | One \\| of them |",
    "| `kind` | always `sample` | no |  |",
    "| `state` | `on`, `off`; more may come | no |  |",
    "| `fixed` | `a` | no |  |",
    "| `size` | number or null, at least 0 | no |  |",
    "| `names` | list of string, at least 1 characters, at most 9 characters, at most 3 | no |  |",
    "| `counts` | map to number | no |  |",
    "| `mark` | string, `^(a\\|b)$` | no |  |",
    "| `payload` | any JSON | no |  |",
    "| `from` | object | no |  |",
    "| `from.seq` | integer | yes |  |",
    "An example:",
  ])("has the line %s", (line) => {
    expect(page.split("\n")).toContain(line);
  });

  it("names both topics of what is consumed from one and emitted to another", () => {
    const topics = { emitted: "sample.out.v1", consumed: "sample.in.v1" };
    const both = toEventPage({ ...sample, "x-event": { ...sample["x-event"], consumed_by: ["tools"], topics } });
    expect(both).toContain("- Topic it is consumed from: `soma.{tenant}.sample.in.v1`\n");
    expect(both).toContain("- Topic it is emitted to: `soma.{tenant}.sample.out.v1`\n");
    expect(toEventPage({ ...sample, "x-event": { ...sample["x-event"], topics } })).not.toContain("sample.in.v1");
  });

  it("shows every example as it is", () => {
    const two = toEventPage({ ...sample, examples: [{ id: "1" }, { id: "2" }] });
    const shown = [...two.matchAll(/```json\n([^`]*)\n```/g)].map(([, text = ""]) => JSON.parse(text) as unknown);
    expect(shown).toEqual([{ id: "1" }, { id: "2" }]);
    expect(two).toContain("\nExamples:\n");
  });
});

interface AsyncApi {
  asyncapi: string;
  channels: Record<string, { address: string; messages: object }>;
  operations: Record<string, { action: string; summary: string }>;
  components: { messages: Record<string, { payload: object; examples: object[]; bindings: object }> };
}

const readEvent = (type: string): EventSchema =>
  JSON.parse(readFileSync(new URL(`../${type}.json`, import.meta.url), "utf8")) as EventSchema;
const document = toAsyncApi(EVENT_TYPES.map(readEvent), "0.1.0") as AsyncApi;

/** Where a reference leads in the document; undefined when nowhere. */
function follow(reference: string): unknown {
  const step = (at: unknown, name: string): unknown => (at as Record<string, unknown> | undefined)?.[name];
  return reference.slice("#/".length).split("/").reduce<unknown>(step, document);
}

describe("toAsyncApi()", () => {
  it("is of AsyncAPI 3.1, with a channel for each topic", () => {
    expect(document.asyncapi).toBe("3.1.0");
    const addresses = Object.values(document.channels).map(({ address }) => address);
    expect(addresses).toEqual(
      EVENT_TYPES.flatMap((type) => channelsOf(readEvent(type)).map((name) => `soma.{tenant}.${name}`)),
    );
    expect(addresses).toContain("soma.{tenant}.agent.runs.v1");
    expect(addresses).toContain("soma.{tenant}.conversation.inbound.v1");
  });

  it("refers only to what it holds", () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to = ""]) => to);
    expect(references.length).toBeGreaterThan(EVENT_TYPES.length);
    expect(references.filter((reference) => follow(reference) === undefined)).toEqual([]);
  });

  it("says what the product sends and receives, and by which part", () => {
    expect(document.operations["send-agent-runs-v1"]).toMatchObject({ action: "send", summary: "By runs" });
    expect(document.operations["receive-agent-runs-v1"]).toMatchObject({ action: "receive", summary: "By tools" });
    expect(Object.keys(document.operations)).not.toContain("send-tool-request-v1");
  });

  it("gives each message its schema, its key on Kafka and its examples", () => {
    const { payload, bindings, examples } = document.components.messages["agent.runs.v1"] ?? {};
    expect(payload).toMatchObject({ title: "AgentRunEvent", additionalProperties: false });
    expect(payload).not.toHaveProperty("$schema");
    expect(bindings).toMatchObject({ kafka: { key: { type: "string", description: "The event's run_id" } } });
    expect(examples).toHaveLength(readEvent("agent.runs.v1").examples.length);
  });
});
