import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { EVENT_TOPICS, EVENT_TYPES, type EventType } from "@soma/schemas/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isPooled, loadTopics, retentionMs } from "./topics.ts";

const REST = `default: { partitions: 3, replication: 1, retention: 7d, isolation: dedicated }
deadLetters: { partitions: 1, retention: 30d }
tenants: { acme: {}, small: { isolation: pooled } }
`;

describe("loadTopics()", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "soma-topics-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const load = (yaml: string) => {
    writeFileSync(join(folder, "topics.yaml"), yaml);
    return loadTopics(pathToFileURL(`${folder}/`));
  };

  it("takes the shipped file where a folder has none, which has a topic for every event, keyed as its schema says", () => {
    const { topics } = loadTopics(pathToFileURL(`${folder}/elsewhere/`));
    const said = Object.values(topics).map(({ schema, key }) => [schema, key] as const);
    const asContracts = said.map(([schema]) => [schema, keyOf(schema)] as const);
    expect(said).toEqual(asContracts);
    expect([...new Set(said.map(([schema]) => schema))].toSorted()).toEqual([...EVENT_TYPES].toSorted());
  });

  it("has the topics by the names that events are emitted to and consumed from, and says which others write", () => {
    const { topics } = loadTopics();
    for (const [name, { schema, consumed = false }] of Object.entries(topics)) {
      const places = EVENT_TOPICS[schema as EventType];
      expect([name, Object.values(places).includes(name as never)]).toEqual([name, true]);
      expect([name, consumed]).toEqual([name, places.emitted !== name]);
    }
  });

  it("compacts no shipped topic: each event says something that a later one of its key does not", () => {
    expect(Object.values(loadTopics().topics).filter(({ compaction }) => compaction === true)).toEqual([]);
  });

  it("has a tenant pooled by what it says, and by the default where it says nothing", () => {
    const conf = load(`topics: {}\n${REST}`);
    expect(["acme", "small", "nobody", "constructor"].map((tenant) => isPooled(conf, tenant))).toEqual([
      false,
      true,
      false,
      false,
    ]);
    const pooled = { ...conf, default: { ...conf.default, isolation: "pooled" as const } };
    expect(["acme", "nobody"].map((tenant) => isPooled(pooled, tenant))).toEqual([true, true]);
  });

  it("refuses topics of no contract, all at once", () => {
    const wrong = `topics:
  agent.rums.v1: { schema: agent.rums.v1, key: run_id }
  mail.v2: { schema: mail.v2, key: id }
${REST}`;
    expect(() => load(wrong)).toThrow(
      /topics\/agent\.rums\.v1 has the schema "agent\.rums\.v1"[\s\S]*topics\/mail\.v2 has/,
    );
  });
});

it("retentionMs() has days in milliseconds, and for ever as Kafka has it", () => {
  expect(["1d", "30d", "forever"].map(retentionMs)).toEqual([86_400_000, 2_592_000_000, -1]);
});

function keyOf(schema: string): unknown {
  const file = new URL(`../schemas/${schema}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { "x-event": { key: string } })["x-event"].key;
}
