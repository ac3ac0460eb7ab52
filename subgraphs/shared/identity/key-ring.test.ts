import { describe, expect, it } from "vitest";
import { createKeys } from "../testing/principals.ts";
import { createDecisionSigner, createDecisionVerifier } from "./decision-token.ts";
import { createPrincipalSigner, createPrincipalVerifier } from "./internal-token.ts";
import { findSigningKey, findVerifyKeys, MAX_KEYS, parseKeys, type TimedKey } from "./key-ring.ts";

const key = (changes: Partial<TimedKey> = {}): TimedKey => ({ kty: "OKP", crv: "Ed25519", ...changes });

describe("parseKeys()", () => {
  it("takes one key, or a set of them", () => {
    expect(parseKeys(key({ kid: "a" }), "verify")).toEqual([key({ kid: "a" })]);
    expect(parseKeys({ keys: [key(), key({ nbf: 1, exp: 2 })] }, "verify")).toEqual([key(), key({ nbf: 1, exp: 2 })]);
  });

  it("refuses what is no key, too many and none, and times that are none", () => {
    for (const bad of [7, null, "x", {}, { kty: "RSA" }, { keys: [key(), 7] }])
      expect(() => parseKeys(bad, "verify")).toThrow("is not an Ed25519 JWK, and not a set of them");
    for (const length of [0, MAX_KEYS + 1])
      expect(() => parseKeys({ keys: Array.from({ length }, () => key()) }, "verify")).toThrow(
        `is a set of ${length} keys`,
      );
    for (const time of ["soon", Number.NaN, null])
      expect(() => parseKeys({ ...key(), nbf: time }, "verify")).toThrow("an nbf or exp that is no time");
  });
});

describe("parseKeys() of a use", () => {
  it("takes no half of a pair for the other one", () => {
    const [own, other] = [key({ d: "" }), key()];
    expect([parseKeys(own, "sign"), parseKeys(other, "verify")]).toEqual([[own], [other]]);
    expect(() => parseKeys({ keys: [other, own] }, "verify")).toThrow("has a private key where the other one");
    expect(() => parseKeys({ keys: [own, other] }, "sign")).toThrow("has a public key where the other one");
  });
});

describe("findSigningKey()", () => {
  it("takes the newest that has begun, wherever it stands", () => {
    const keys = [key({ kid: "next", nbf: 200 }), key({ kid: "old" }), key({ kid: "now", nbf: 100 })];
    const at = (nowS: number) => findSigningKey(keys, nowS).kid;
    expect([0, 99, 100, 199, 200, 10_000].map(at)).toEqual(["old", "old", "now", "now", "next", "next"]);
  });

  it("takes the first to come when none has begun, and fails without any", () => {
    expect(findSigningKey([key({ kid: "b", nbf: 9 }), key({ kid: "a", nbf: 8 })], 1).kid).toBe("a");
    expect(() => findSigningKey([], 1)).toThrow("there is no key to sign with");
  });
});

describe("findVerifyKeys()", () => {
  const keys = [key({ kid: "a" }), key({ kid: "b", exp: 100 }), key()];
  const found = (kid: string | undefined, nowS: number, alg = "EdDSA") =>
    findVerifyKeys(keys, { kid, alg }, nowS).map((each) => each.kid);

  it("takes the key of a name and those without one, and every key for a token that names none", () => {
    expect([found("a", 1), found("c", 1), found(undefined, 1)]).toEqual([
      ["a", undefined],
      [undefined],
      ["a", "b", undefined],
    ]);
  });

  it("takes none that is over, from that second on", () => {
    expect([found("b", 99), found("b", 100)]).toEqual([["b", undefined], [undefined]]);
  });

  it("takes none of another kind, or for another algorithm", () => {
    expect([found("a", 1, "ES256"), found("a", 1, "none"), found("a", 1, "HS256")]).toEqual([[], [], []]);
    const mixed = [key({ kty: "EC" }), key({ kty: "RSA", alg: "RS256" })];
    const kinds = (alg: string) => findVerifyKeys(mixed, { alg }, 1).map(({ kty }) => kty);
    expect(["ES256", "RS256", "PS256", "EdDSA"].map(kinds)).toEqual([["EC"], ["RSA"], [], []]);
  });
});

describe("tokens between the parts, while their keys change", () => {
  it("are good before, during and after the change, and no longer than the key before is kept", async () => {
    const [old, next] = await Promise.all([createKeys(), createKeys()]);
    const nowS = Date.now() / 1_000;
    const before: TimedKey[] = [{ ...old.privateKey, kid: "old" }];
    const after: TimedKey[] = [...before, { ...next.privateKey, kid: "next", nbf: nowS - 1 }];
    const verifying: TimedKey[] = [
      { ...old.publicKey, kid: "old", exp: nowS + 60 },
      { ...next.publicKey, kid: "next" },
    ];
    let [signs, verifies] = [before, verifying];
    const principal = { tenant: "acme", subject: "user:ada", roles: ["assistant"], service: null };
    const signer = createPrincipalSigner(() => signs, "soma-gateway");
    const sign = () => signer(principal);
    const verify = createPrincipalVerifier(() => verifies);

    const [signedBefore, unnamed] = [
      await sign(),
      await createPrincipalSigner(old.privateKey, "soma-gateway")(principal),
    ];
    expect([await verify(signedBefore), await verify(unnamed)]).toEqual([principal, principal]);
    signs = after;
    const signedAfter = await sign();
    expect(JSON.parse(atob(signedAfter.split(".")[0] ?? ""))).toEqual({ alg: "EdDSA", kid: "next" });
    expect([await verify(signedBefore), await verify(signedAfter)]).toEqual([principal, principal]);
    verifies = verifying.map((each) => ({ ...each, ...(each.kid === "old" ? { exp: nowS - 1 } : {}) }));
    await expect(verify(signedBefore)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(verify(unnamed)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await verify(signedAfter)).toEqual(principal);
  });

  it("do not fail while a part has not read the new set, as long as that one does not sign yet", async () => {
    const [old, next] = await Promise.all([createKeys(), createKeys()]);
    const nowS = Date.now() / 1_000;
    const sign = createDecisionSigner(() => [
      { ...old.privateKey, kid: "old" },
      { ...next.privateKey, kid: "next", nbf: nowS + 60 },
    ]);
    const token = await sign(aDecision, new Date(Date.now() + 60_000));
    expect(await createDecisionVerifier({ ...old.publicKey, kid: "old" })(token)).toMatchObject({ tool: "clock" });
  });
});

const aDecision = {
  tenant: "acme",
  actor: "user:ada",
  role: "assistant",
  tool: "clock",
  toolVersion: "1",
  risk: "low",
  argsDigest: "0".repeat(64),
  decisionId: "01890000-0000-7000-8000-000000000000",
  obligations: {},
  runId: null,
  stepId: null,
  idempotencyKey: "k",
};
