import { describe, expect, it } from "vitest";
import { createHeadsSeen, type Place } from "./heads-seen.ts";

const place = (checkpointId: string | undefined, threadId = "t", namespace = ""): Place => ({
  threadId,
  namespace,
  checkpointId,
});

describe("createHeadsSeen()", () => {
  it("tells the newest checkpoint that was seen with another, by thread, namespace and id", () => {
    const seen = createHeadsSeen(10);
    seen.note(place("a"), "a");
    seen.note(place("a", "t", "inner"), "b");
    seen.note(place("a", "u"), "c");
    seen.note(place("a"), "d");
    expect(seen.find(place("a"))).toEqual({ head: "d" });
    expect(seen.find(place("a", "t", "inner"))).toEqual({ head: "b" });
    expect(seen.find(place("a", "u"))).toEqual({ head: "c" });
    expect(seen.find(place("b"))).toBeUndefined();
  });

  it("knows a thread that was not there from one that was never looked for", () => {
    const seen = createHeadsSeen(10);
    expect(seen.find(place(undefined))).toBeUndefined();
    seen.note(place(undefined), undefined);
    expect(seen.find(place(undefined))).toEqual({ head: undefined });
  });

  it("forgets what was noted longest ago", () => {
    const seen = createHeadsSeen(2);
    for (const id of ["a", "b", "a", "c"]) seen.note(place(id), id);
    expect(seen.find(place("b"))).toBeUndefined();
    expect(seen.find(place("a"))).toEqual({ head: "a" });
    expect(seen.find(place("c"))).toEqual({ head: "c" });
  });
});
