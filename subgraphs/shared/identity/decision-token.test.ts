import { SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { createKeys, type TestKeys } from "../testing/principals.ts";
import {
  createDecisionSigner,
  createDecisionVerifier,
  type DecisionClaims,
  expiredClaimsOf,
  type SignDecision,
  type VerifyDecision,
} from "./decision-token.ts";

const claims: Omit<DecisionClaims, "expiresAt"> = {
  tenant: "acme",
  actor: "user:ada",
  role: "assistant",
  tool: "clock",
  toolVersion: "1",
  risk: "low",
  argsDigest: "0".repeat(64),
  decisionId: "01890000-0000-7000-8000-000000000000",
  obligations: { timeout_ms: 100 },
  runId: null,
  stepId: null,
  idempotencyKey: "run:call:1",
};
const inSeconds = (seconds: number): Date => new Date((Math.floor(Date.now() / 1_000) + seconds) * 1_000);

describe("createDecisionVerifier()", () => {
  let keys: TestKeys;
  let sign: SignDecision;
  let verify: VerifyDecision;

  beforeAll(async () => {
    keys = await createKeys();
    sign = createDecisionSigner(keys.privateKey);
    verify = createDecisionVerifier(keys.publicKey);
  });

  it("gives back what was signed", async () => {
    const expiresAt = inSeconds(60);
    expect(await verify(await sign(claims, expiresAt))).toEqual({ ...claims, expiresAt });
  });

  it("tells an expired decision from an invalid one, and what it was about", async () => {
    const expiresAt = inSeconds(-60);
    const error: unknown = await sign(claims, expiresAt)
      .then(verify)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "DECISION_EXPIRED" });
    expect(expiredClaimsOf(error)).toEqual({ ...claims, expiresAt });
    expect(expiredClaimsOf(await verify("").catch((thrown: unknown) => thrown))).toBeUndefined();
  });

  it("refuses a changed claim, a foreign key, no signature and garbage", async () => {
    const token = await sign(claims, inSeconds(60));
    const [header, , signature] = token.split(".");
    const changed = Buffer.from(
      JSON.stringify({
        ...claims,
        sub: "user:ada",
        tool: "code_run",
        iss: "soma-policy",
        aud: "soma-tools",
        exp: inSeconds(60).getTime() / 1_000,
      }),
    ).toString("base64url");
    const foreign = await createDecisionSigner((await createKeys()).privateKey)(claims, inSeconds(60));
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${token.split(".")[1]}.`;
    const symmetric = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .setIssuer("soma-policy")
      .setAudience("soma-tools")
      .setExpirationTime("1m")
      .sign(Buffer.from(JSON.stringify(keys.publicKey)));
    for (const bad of [`${header}.${changed}.${signature}`, foreign, unsigned, symmetric, "", "a.b.c"]) {
      await expect(verify(bad)).rejects.toMatchObject({ code: "DECISION_INVALID" });
    }
  });
});
