import { aPrincipal } from "@soma/shared/testing/principals";
import { describe, expect, it } from "vitest";
import { callerOf } from "./websocket-connection.ts";

describe("callerOf()", () => {
  it("gives who introduced itself, until its token is over or revoked, however long the connection takes to end", () => {
    const state = { isRevoked: false };
    const proof = { isRevoked: () => state.isRevoked, onRevocations: () => () => {} };
    const identified = { principal: aPrincipal(), expiresAt: new Date(Date.now() + 60_000), proof };
    expect(callerOf({ identified })).toBe(identified);
    state.isRevoked = true;
    expect(() => callerOf({ identified })).toThrow("the token was revoked");
    expect(() => callerOf({ identified: { ...identified, expiresAt: new Date(0) } })).toThrow("the token has expired");
    expect(() => callerOf({})).toThrow("has not introduced itself");
  });
});
