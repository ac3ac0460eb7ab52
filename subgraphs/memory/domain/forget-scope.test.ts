import { newId } from "@soma/shared/ids";
import { describe, expect, it } from "vitest";
import { type ForgetTarget, parseForgetScope } from "./forget-scope.ts";

describe("parseForgetScope()", () => {
  it("takes the one thing that is named", () => {
    const id = newId();
    expect(parseForgetScope({ memoryId: id, sessionId: null })).toEqual({ scope: "MEMORY", target: id });
    expect(parseForgetScope({ sessionId: id })).toEqual({ scope: "SESSION", target: id });
    expect(parseForgetScope({ subject: "user:ada" })).toEqual({ scope: "SUBJECT", target: "user:ada" });
  });

  it.each<[ForgetTarget, string]>([
    [{}, "0 of memoryId, sessionId and subject are given; say one of them"],
    [{ subject: "user:ada", memoryId: newId() }, "2 of memoryId"],
    [{ memoryId: "nope" }, 'memory id "nope" is not a UUID'],
    [{ sessionId: "nope" }, 'session id "nope" is not a UUID'],
    [{ subject: "" }, "subject has 0 characters; it needs 1 to 300"],
    [{ subject: "x".repeat(301) }, "subject has 301 characters"],
  ])("refuses %j by name", (target, message) => {
    expect(() => parseForgetScope(target)).toThrow(message);
  });
});
