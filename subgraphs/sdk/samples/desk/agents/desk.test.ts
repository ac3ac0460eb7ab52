import assert from "node:assert/strict";
import { test } from "node:test";
import { testAgent } from "@soma/sdk/test-agent";
import findParcel from "../tools/find-parcel.ts";
import sendReply from "../tools/send-reply.ts";
import desk from "./desk.ts";

const input = "Where is P-17?";
const tools = { find_parcel: findParcel, send_reply: sendReply };
const model = ({ messages }: { messages: readonly { content: string }[] }) =>
  messages.at(-1)?.content.startsWith("Answer") === true ? "It left Hamburg on Monday." : "worried";

test("desk looks where the parcel is while it hears how the writer feels, and waits before anything is sent", async () => {
  const waiting = await testAgent(desk, { input, model, tools });
  assert.deepEqual([waiting.status, waiting.calls.map(({ tool }) => tool)], ["PARKED", ["find_parcel"]]);
  assert.equal(waiting.state.known, "P-17 left Hamburg on Monday; the writer is worried");
});

test("desk sends what a person has approved, and nothing that one refused", async () => {
  const sent = await testAgent(desk, { input, model, tools, decisions: [{ approve: true }] });
  assert.deepEqual([sent.status, sent.answer], ["SUCCEEDED", "sent: It left Hamburg on Monday."]);
  const refused = await testAgent(desk, { input, model, tools, decisions: [{ approve: false }] });
  assert.deepEqual([refused.status, refused.calls.length], ["FAILED", 1]);
  assert.match(refused.error?.message ?? "", /refused by user:approver/);
});

test("desk says that a letter names no parcel, and asks nobody", async () => {
  const { status, error } = await testAgent(desk, { input: "Hello", model, tools, decisions: [{ approve: true }] });
  assert.deepEqual([status, error?.message], ["FAILED", "find_parcel ended FAILED: the letter names no parcel"]);
});
