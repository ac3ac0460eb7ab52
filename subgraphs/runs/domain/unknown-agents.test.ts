import { loadBudgets } from "@soma/conf/budgets";
import { describe, expect, it } from "vitest";
import { unknownAgents } from "./unknown-agents.ts";

describe("unknownAgents()", () => {
  const conf = {
    ...loadBudgets(),
    default: { agents: { assistant: {}, reserch: {} } },
    tenants: { acme: { agents: { constructor: {} } }, other: { day: { money: 1 } } },
  };

  it("gives the place of each name that no agent has, of every tenant", () => {
    const found = unknownAgents(conf, new Set(["assistant", "research"]));
    expect(found).toEqual(["/default/agents/reserch", "/tenants/acme/agents/constructor"]);
  });

  it("gives nothing where every name is known, or none is said", () => {
    expect(unknownAgents(conf, new Set(["assistant", "reserch", "constructor"]))).toEqual([]);
    expect(unknownAgents(loadBudgets(), new Set())).toEqual([]);
  });
});
