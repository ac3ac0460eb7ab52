import { readFile } from "node:fs/promises";
import { SHIPPED_CONF } from "@soma/conf/read-conf";
import { loadRoles } from "@soma/conf/roles";
import { canonicalJson, type Json } from "@soma/schemas/json";
import { sha256 } from "@soma/schemas/verdict/verifier";
import { createSilentLog } from "@soma/shared/log";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { PolicyEngine } from "../policy-engine.ts";
import { createWasmEngine } from "./wasm-engine.ts";

const log = createSilentLog();

function ask(role: string, tool: string, risk: string, args: Json = {}): string {
  return canonicalJson({
    actor: { id: "user:ada", tenant: "acme", role },
    tool: { name: tool, version: "1", risk },
    args_digest: "",
    args,
    run: null,
    now: "2026-01-01T00:00:00.000Z",
  });
}

const always = (data: object) => () => data;

describe("createWasmEngine()", () => {
  let wasm: Uint8Array;
  let engine: PolicyEngine;

  beforeAll(async () => {
    wasm = await readFile(new URL("policies/tools.wasm", SHIPPED_CONF));
    engine = await createWasmEngine({ wasm, data: always({ roles: loadRoles().roles }), log });
  });

  it.each([
    ["assistant", "code_run", "high", true, "role assistant may call code_run"],
    ["assistant", "remember", "low", true, "role assistant may call remember"],
    ["assistant", "rm_rf", "low", false, "role assistant may not call rm_rf"],
    ["restricted", "clock", "low", true, "role restricted may call clock"],
    ["restricted", "code_run", "high", false, "role restricted may not call code_run"],
    ["restricted", "clock", "high", false, "role restricted may call tools up to risk medium, and clock is high"],
    [
      "restricted",
      "clock",
      "whatever",
      false,
      "role restricted may call tools up to risk medium, and clock is whatever",
    ],
    ["ghost", "clock", "low", false, "there is no role ghost"],
    ["constructor", "clock", "low", false, "there is no role constructor"],
    ["", "clock", "low", false, "there is no role "],
  ])("decides on %s calling %s of risk %s", (role, tool, risk, allow, reason) => {
    expect(engine.decide(ask(role, tool, risk))).toMatchObject({ allow, reason });
  });

  it("denies input that is too large, and goes on deciding after it", () => {
    expect(engine.decide(ask("assistant", "clock", "low", "x".repeat(70_000)))).toMatchObject({
      allow: false,
      reason: "policy_error: input larger than 64 KB",
    });
    expect(engine.decide(ask("assistant", "clock", "low")).allow).toBe(true);
  });

  it("denies everything when the bundle is broken, and says why", async () => {
    for (const broken of [new Uint8Array(), wasm.subarray(0, 5_000)]) {
      const failing = await createWasmEngine({ wasm: broken, data: always({}), log });
      expect(failing.fault).toMatch(/cannot be loaded/);
      expect(failing.decide(ask("assistant", "clock", "low"))).toMatchObject({
        allow: false,
        reason: "policy_error: bundle",
      });
    }
  });

  it("denies when its data are missing", async () => {
    const empty = await createWasmEngine({ wasm, data: always({}), log });
    expect(empty.decide(ask("assistant", "clock", "low")).allow).toBe(false);
  });

  it("allows exactly what the role lists up to its risk, whatever the names and arguments", () => {
    const { roles } = loadRoles();
    const ranks = ["low", "medium", "high"];
    const word = fc.oneof(
      fc.constantFrom(...Object.keys(roles), "clock", "code_run", "http_fetch", ...ranks),
      fc.string(),
    );
    fc.assert(
      fc.property(word, word, word, fc.jsonValue(), (role, tool, risk, args) => {
        const known = Object.hasOwn(roles, role) ? roles[role] : undefined;
        const expected =
          known?.tools.includes(tool) === true &&
          ranks.includes(risk) &&
          ranks.indexOf(risk) <= ranks.indexOf(known.maxRisk);
        expect(engine.decide(ask(role, tool, risk, args as Json)).allow).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("denies an answer of another shape, and an evaluation that throws, and does not throw itself", async () => {
    const reasonOf = async (bytes: Uint8Array) =>
      (await createWasmEngine({ wasm: bytes, data: always({ roles: loadRoles().roles }), log })).decide(
        ask("assistant", "clock", "low"),
      ).reason;
    expect(await reasonOf(wasm)).toBe("role assistant may call clock");
    expect(await reasonOf(replaced(wasm, "ttl_s", "ttl_x"))).toBe("policy_error: answer of the wrong shape");
    expect(await reasonOf(replaced(wasm, "sprintf", "sprintg"))).toBe("policy_error: evaluation failed");
    expect(engine.decide(ask("assistant", "clock", "low")).allow).toBe(true);
  });

  it("decides input of 64 KB of any shape within its memory", () => {
    for (const args of [
      "x".repeat(64_000),
      JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`),
      Array.from({ length: 30_000 }, () => 1),
      Array.from({ length: 20_000 }, () => ({})),
    ]) {
      expect(engine.decide(ask("assistant", "clock", "low", args))).toMatchObject({ allow: true });
    }
  });

  it("has a revision that changes with policy and data, each under the digest of what it is", async () => {
    const other = await createWasmEngine({ wasm, data: always({ roles: {} }), log });
    expect(other.revision.version).not.toBe(engine.revision.version);
    expect(other.revision).toMatchObject({
      policyRevision: engine.revision.policyRevision,
      dataRevision: sha256('{"roles":{}}'),
      data: '{"roles":{}}',
    });
    expect(engine.revision).toBe(engine.revision);
  });

  it("reads its data again when it is another object, and has another version then", async () => {
    let data = { roles: {} };
    const live = await createWasmEngine({ wasm, data: () => data, log });
    const before = live.revision.version;
    expect(live.decide(ask("assistant", "clock", "low")).allow).toBe(false);
    data = { roles: loadRoles().roles };
    expect(live.decide(ask("assistant", "clock", "low")).allow).toBe(true);
    const { version } = engine.revision;
    expect([before, version]).toEqual([expect.not.stringMatching(version), live.revision.version]);
  });

  it("denies while its data do not fit into its memory, and decides again with what fits", async () => {
    const roles = { roles: loadRoles().roles };
    let data: object = roles;
    const live = await createWasmEngine({ wasm, data: () => data, log });
    data = { ...roles, more: "x".repeat(20_000_000) };
    expect(live.decide(ask("assistant", "clock", "low")).reason).toBe("policy_error: evaluation failed");
    expect(live.revision.version).not.toBe(engine.revision.version);
    data = roles;
    expect(live.decide(ask("assistant", "clock", "low")).allow).toBe(true);
  });
});

/** The wasm with a text of its data replaced by one of the same length: a policy that does something else. */
function replaced(wasm: Uint8Array, from: string, to: string): Uint8Array {
  const bytes = Buffer.from(wasm);
  for (let at = bytes.indexOf(from); at !== -1; at = bytes.indexOf(from, at + 1)) bytes.write(to, at);
  return new Uint8Array(bytes);
}
