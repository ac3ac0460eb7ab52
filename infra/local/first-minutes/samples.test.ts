import { scenarioFaults } from "@soma/sdk/scenario";
import { discoverTools, SHIPPED_TOOLS } from "@soma/tools/catalog";
import { createRegistry } from "@soma/tools/registry";
import { expect, test } from "vitest";
import { loadSamples } from "./samples.ts";

test("loadSamples() gives agents and tools that go beside those that ship, and rules that name no other tool", async () => {
  const { graphs, tools, scenario } = await loadSamples();
  expect(graphs.names().toSorted()).toEqual(["assistant", "prices", "refund", "research"]);
  const shipped = await discoverTools(SHIPPED_TOOLS, { httpFetchAllow: new Set() });
  const names = createRegistry([...shipped, ...tools()])
    .list()
    .map(({ name }) => name);
  expect(scenarioFaults(scenario(), names)).toEqual([]);
});
