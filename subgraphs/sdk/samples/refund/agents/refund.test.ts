import assert from "node:assert/strict";
import { test } from "node:test";
import { testAgent } from "@soma/sdk/test-agent";
import payBack from "../tools/pay-back.ts";
import refund from "./refund.ts";

const tools = { find_payment: () => "A-17: paid 40", pay_back: payBack };
const model = [{ calls: [{ tool: "find_payment", args: { order: "A-17" } }] }, "40"];

test("refund pays only after somebody approved", async () => {
  const waiting = await testAgent(refund, { input: "refund A-17", model, tools });
  assert.deepEqual([waiting.status, waiting.calls.length], ["PARKED", 1]);
  const paid = await testAgent(refund, { input: "refund A-17", model, tools, decisions: [{ approve: true }] });
  assert.deepEqual([paid.answer, paid.state.approvedBy], ["40 paid back", "user:approver"]);
});

test("refund says so when the policy denies the payment", async () => {
  const decisions = [{ approve: true }];
  const { answer } = await testAgent(refund, { input: "refund A-17", model, tools, decisions, denied: ["pay_back"] });
  assert.equal(answer, "Nothing was paid back: the test denies it");
});

test("refund pays nothing when somebody refuses", async () => {
  const decisions = [{ approve: false }];
  const { answer, calls } = await testAgent(refund, { input: "refund A-17", model, tools, decisions });
  assert.deepEqual([answer, calls.length], ["user:approver refused", 1]);
});
