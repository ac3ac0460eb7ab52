import type { Tool } from "@soma/sdk/define-tool";
import { expect, it } from "vitest";
import clock from "../tools/clock.ts";
import { createLiveRegistry } from "./live-registry.ts";

it("createLiveRegistry() has the tools of a project as they are at each call", () => {
  const greet = { ...clock, name: "greet", version: "1" };
  let more: readonly Tool[] = [greet];
  const registry = createLiveRegistry([clock], () => more);
  expect(registry.list().map(({ name }) => name)).toEqual(["clock", "greet"]);
  const newer = { ...greet, version: "2" };
  more = [newer];
  expect([registry.get("greet"), registry.find("greet"), registry.describe("greet")]).toEqual([newer, newer, newer]);
  more = [];
  expect(registry.catalog().map(({ name }) => name)).toEqual(["clock", "remember"]);
  expect(() => registry.checkArgs("greet", {})).toThrow('there is no tool "greet"');
});
