import type { Json } from "@soma/schemas/json";
import { describe, expect, it } from "vitest";
import { modelOf } from "./step-model.ts";

const named = { profile: "small", provider: "p", model: "m" };
const passedOver = [{ profile: "big", code: "TIMEOUT", message: "big (x) gave no first token within 40 ms" }];

describe("modelOf()", () => {
  it("is who answered, and who was asked before", () => {
    const of = (output: Json) => modelOf({ nodeType: "model", output });
    expect(of({ ...named, text: "hello" })).toEqual({ ...named, passedOver: [] });
    expect(of({ ...named, passedOver })).toEqual({ ...named, passedOver });
    expect(of({ provider: "p", model: "m", passedOver: [null] })).toEqual({ ...named, profile: null, passedOver: [] });
  });

  it.each([
    ["tool", { ...named }],
    ["model", null],
    ["model", "erased"],
    ["model", { provider: "p" }],
    ["model", { model: "m" }],
  ])("is nothing of a %s step that came to %j", (nodeType, output) => {
    expect(modelOf({ nodeType, output })).toBeNull();
  });
});
