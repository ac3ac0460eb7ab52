import { newId } from "@soma/shared/ids";
import { describe, expect, it } from "vitest";
import { type LinkPlace, parseLinkCursor, toLinkCursor } from "./link-cursor.ts";

const place: LinkPlace = { createdUs: 1_767_225_600_000_001, relation: "answered_by", targetId: newId("Memory") };
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a link's cursor", () => {
  it("is read back to the microsecond", () => {
    expect(parseLinkCursor(toLinkCursor(place))).toEqual(place);
    expect(toLinkCursor(place)).toMatch(/^[\w-]+$/);
  });

  it.each<[string, string]>([
    ["nothing", ""],
    ["a memory's id", newId("Memory")],
    ["no JSON", Buffer.from("[1").toString("base64url")],
    ["another kind of JSON", encode({ createdUs: 1 })],
    ["an instant that is text", encode(["1", "next", place.targetId])],
    ["an instant with a fraction", encode([1.5, "next", place.targetId])],
    ["an instant beyond what a number holds exactly", encode([2 ** 53, "next", place.targetId])],
    ["no relation", encode([1, null, place.targetId])],
    ["a relation that Postgres cannot keep", encode([1, "a\u0000", place.targetId])],
    ["no target", encode([1, "next"])],
    ["a target that is no id", encode([1, "next", "nope"])],
    ["a fourth part", encode([1, "next", place.targetId, 1])],
    ["another alphabet", `${toLinkCursor(place)}==`],
  ])("is not %s", (_what, cursor) => {
    expect(parseLinkCursor(cursor)).toBe(undefined);
  });
});
