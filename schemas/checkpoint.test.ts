import { expect, test } from "vitest";
import { isCheckpoint } from "./checkpoint.ts";

test.each([
  ["RUN_STARTED", null, true],
  ["RUN_FORKED", null, true],
  ["STEP_SUCCEEDED", "model", true],
  ["STEP_DENIED", "policy", true],
  ["STEP_SUCCEEDED", "each[0]/fetch", false],
  ["STEP_STARTED", "model", false],
  ["STEP_FAILED", "model", false],
  ["RUN_OF_A_NEWER_KIND", null, false],
])("isCheckpoint() of %s at %s: %s", (kind, node, is) => {
  expect(isCheckpoint(kind, node)).toBe(is);
});
