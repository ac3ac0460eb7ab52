import { checkStorable } from "@soma/shared/json";
import { describe, expect, it } from "vitest";

describe("checkStorable()", () => {
  it("names what cannot be kept, and lets the rest pass", () => {
    checkStorable("role", "assistant");
    expect(() => checkStorable("role", "a\u0000b")).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", message: expect.stringContaining("role holds NUL") }),
    );
  });
});
