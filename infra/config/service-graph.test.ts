import { describe, expect, it } from "vitest";
import { listSettings } from "./list-settings.ts";
import { toReaders, toServiceGraph } from "./service-graph.ts";

const settings = listSettings();

describe("toServiceGraph()", () => {
  const graph = toServiceGraph(settings);

  it("has the gateway ask every subgraph, a worker those that its runs need, and tools the policy", () => {
    expect(graph.gateway).toEqual({
      calls: ["runs", "memory", "policy", "tools"],
      uses: ["redis", "collector", "issuer"],
    });
    expect(graph.worker?.calls).toEqual(["memory", "policy", "tools"]);
    expect(graph.tools?.calls).toEqual(["policy"]);
    for (const part of ["runs", "memory", "policy", "outbox-sync"])
      expect([part, graph[part]?.calls]).toEqual([part, []]);
  });

  it("lets no part to the database, the brokers or the web that has no business there", () => {
    const using = (name: string): string[] => Object.keys(graph).filter((part) => graph[part]?.uses.includes(name));
    expect(using("postgres")).toEqual(["runs", "memory", "policy", "tools", "worker", "outbox-sync", "tables"]);
    expect(using("kafka")).toEqual(["policy", "tools", "worker", "outbox-sync", "topics"]);
    expect(using("redis")).toEqual(["gateway"]);
    expect(using("issuer")).toEqual(["gateway"]);
    expect(using("models")).toEqual(["runs", "worker"]);
    expect(using("web")).toEqual(["tools"]);
  });
});

describe("toReaders()", () => {
  it("gives the owner's address to the job of the tables alone, and memory nothing of Kafka", () => {
    const readers = toReaders(settings);
    expect(readers.OWNER_DATABASE_URL).toEqual(["tables"]);
    expect(
      Object.entries(readers).filter(([env, parts]) => env.startsWith("SOMA_KAFKA_") && parts.includes("memory")),
    ).toEqual([]);
    expect(readers.SOMA_EVENT_BUS).toContain("memory");
    expect(readers.SOMA_FIRST_MINUTES).toBeUndefined();
  });
});
