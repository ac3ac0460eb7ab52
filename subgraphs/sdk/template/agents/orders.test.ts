import assert from "node:assert/strict";
import { test } from "node:test";
import { testAgent } from "@soma/sdk/test-agent";
import orders from "./orders.ts";

test("orders looks an order up before it answers", async () => {
  const { status, answer, path, calls } = await testAgent(orders, {
    input: "What became of order A-17?",
    model: [{ calls: [{ tool: "find_order", args: { id: "A-17" } }] }, "It was sent."],
    tools: { find_order: () => "A-17: sent", order_events: () => "" },
  });
  assert.deepEqual([status, answer], ["SUCCEEDED", "It was sent."]);
  assert.deepEqual(path, ["ask", "call", "ask", "end"]);
  assert.deepEqual(calls, [{ tool: "find_order", args: { id: "A-17" }, status: "SUCCEEDED" }]);
});
