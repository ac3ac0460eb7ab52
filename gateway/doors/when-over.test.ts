import { aPrincipal } from "@soma/shared/testing/principals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { whenOver } from "./when-over.ts";

describe("whenOver()", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function createProof(isRevoked = false) {
    const state = { isRevoked, listeners: new Set<() => void>() };
    const proof = {
      isRevoked: () => state.isRevoked,
      onRevocations(listener: () => void) {
        state.listeners.add(listener);
        return () => void state.listeners.delete(listener);
      },
    };
    const tell = (): void => {
      for (const listener of [...state.listeners]) listener();
    };
    return { state, proof, tell };
  }
  const identified = (seconds: number) => ({
    principal: aPrincipal(),
    expiresAt: new Date(Date.now() + seconds * 1_000),
  });

  it("tells once that the token has expired, and hears nothing more", () => {
    const { state, proof, tell } = createProof();
    const codes: string[] = [];
    whenOver({ ...identified(60), proof }, ({ message }) => codes.push(message));
    vi.advanceTimersByTime(59_999);
    expect(codes).toEqual([]);
    vi.advanceTimersByTime(1);
    state.isRevoked = true;
    tell();
    expect(codes).toEqual([expect.stringContaining("has expired")]);
    expect(state.listeners.size).toBe(0);
  });

  it("tells once that it is revoked, and not what was revoked of others", () => {
    const { state, proof, tell } = createProof();
    const errors: { code: string; message: string }[] = [];
    whenOver({ ...identified(60), proof }, (error) => errors.push(error));
    tell();
    expect(errors).toEqual([]);
    state.isRevoked = true;
    tell();
    tell();
    vi.advanceTimersByTime(60_000);
    expect(errors).toEqual([expect.objectContaining({ code: "TOKEN_EXPIRED" })]);
    expect(errors[0]?.message).toContain("revoked");
    expect([state.listeners.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("tells at once what was over before, and leaves nothing behind", () => {
    const { state, proof } = createProof(true);
    const errors: string[] = [];
    whenOver({ ...identified(60), proof }, ({ message }) => errors.push(message));
    whenOver({ ...identified(-1), proof }, ({ message }) => errors.push(message));
    expect(errors).toEqual([expect.stringContaining("revoked"), expect.stringContaining("has expired")]);
    expect([state.listeners.size, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("tells nothing when it is called off", () => {
    const { state, proof, tell } = createProof();
    const stop = whenOver({ ...identified(60), proof }, () => expect.unreachable());
    stop();
    state.isRevoked = true;
    tell();
    vi.advanceTimersByTime(120_000);
    whenOver(identified(60), () => expect.unreachable())();
    expect([state.listeners.size, vi.getTimerCount()]).toEqual([0, 0]);
  });
});
