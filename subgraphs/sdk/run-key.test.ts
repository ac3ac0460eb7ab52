import { describe, expect, it } from "vitest";
import { runKey } from "./run-key.ts";

describe("runKey()", () => {
  it("is the run's id until the run is rolled back, and another one after each rollback", () => {
    expect([0, 1, 2].map((branch) => runKey({ runId: "r", branch }))).toEqual(["r", "r~1", "r~2"]);
  });
});
