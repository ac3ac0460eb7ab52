import assert from "node:assert/strict";
import { test } from "node:test";
import { testAgent } from "@soma/sdk/test-agent";
import sendReminder from "../tools/send-reminder.ts";
import timer from "./timer.ts";

test("timer sends three reminders in three quarters of an hour, and the test waits for none", async () => {
  const tools = { send_reminder: sendReminder };
  const { answer, path, tookMs } = await testAgent(timer, { input: "stand up", tools });
  assert.equal(answer, "1: stand up\n2: stand up\n3: stand up");
  assert.deepEqual(path, ["wait", "remind", "wait", "remind", "wait", "remind", "end"]);
  assert.equal(tookMs, 45 * 60_000);
});
