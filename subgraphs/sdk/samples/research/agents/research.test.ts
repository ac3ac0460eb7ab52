import assert from "node:assert/strict";
import { test } from "node:test";
import { testAgent } from "@soma/sdk/test-agent";
import research from "./research.ts";

/** Fails as often as it is told, and then answers. */
const failing = (times: number) => () => {
  times -= 1;
  if (times >= 0) throw new Error("the library is closed");
  return "Owls hunt at night.";
};

test("research asks again until the library answers", async () => {
  const tools = { search_library: failing(3) };
  const { answer, steps, calls } = await testAgent(research, { input: "owls", model: ["Night hunters."], tools });
  assert.deepEqual([answer, steps[0]?.attempts, calls.length], ["Night hunters.", 4, 4]);
});

test("research fails after four tries, and says why", async () => {
  const { status, error } = await testAgent(research, { input: "owls", tools: { search_library: failing(9) } });
  assert.deepEqual([status, error?.message], ["FAILED", "search_library ended FAILED: the library is closed"]);
});
