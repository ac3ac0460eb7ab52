import { graph } from "@soma/sdk/graph";
import { expect, test } from "vitest";
import { createGraphRegistry } from "../engine/graphs/graph-registry.ts";
import { agentResolvers } from "./agent-resolvers.ts";

const aGraph = (name: string, options: object = {}) =>
  graph(name, 1, {}, options)
    .node("only", { type: "work", run: () => ({ summary: "" }) })
    .build(() => "");

test("agentResolvers() tell the file of each agent, and at most a hundred faults of their project", () => {
  const [own, shipped] = [aGraph("own", { begin: () => ({}) }), aGraph("shipped")];
  const fault = { message: "agents/b.ts cannot be loaded: x", file: "agents/words.ts", line: 3 };
  const faults = Array.from({ length: 120 }, () => fault);
  const state = { name: "shop", loadedAt: new Date(0), faults, files: new Map([["own", "agents/own.ts"]]) };
  const { Query, AgentGraph } = agentResolvers({ graphs: createGraphRegistry([own, shipped]), project: () => state });
  expect([own, shipped].map((each) => AgentGraph.file(each))).toEqual(["agents/own.ts", null]);
  expect([own, shipped].map((each) => AgentGraph.inputSchema(each))).toEqual([
    null,
    expect.objectContaining({ type: "object", required: ["text"] }),
  ]);
  expect(Query.project()).toEqual({
    name: "shop",
    loadedAt: "1970-01-01T00:00:00.000Z",
    faults: faults.slice(0, 100),
  });
});
