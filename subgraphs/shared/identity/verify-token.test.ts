import { errors, importJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { createKeys, type TestKeys } from "../testing/principals.ts";
import { createDecisionVerifier } from "./decision-token.ts";
import { createPrincipalVerifier } from "./internal-token.ts";
import { createTokenVerifier } from "./verify-token.ts";

const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds;

/** Every kind of token between our own processes, with complete claims. */
const KINDS = [
  {
    kind: "internal",
    create: createPrincipalVerifier,
    code: "UNAUTHENTICATED",
    expired: "UNAUTHENTICATED",
    required: ["iss", "aud", "sub", "tenant", "exp", "roles"],
    claims: { iss: "soma-worker", aud: "soma-internal", sub: "user:ada", tenant: "acme", roles: ["assistant"] },
  },
  {
    kind: "decision",
    create: createDecisionVerifier,
    code: "DECISION_INVALID",
    expired: "DECISION_EXPIRED",
    required: ["iss", "aud", "sub", "tenant", "exp", "idempotencyKey", "argsDigest", "tool", "obligations", "runId"],
    claims: {
      iss: "soma-policy",
      aud: "soma-tools",
      sub: "user:ada",
      tenant: "acme",
      role: "assistant",
      tool: "clock",
      toolVersion: "1",
      risk: "low",
      argsDigest: "0".repeat(64),
      decisionId: "01890000-0000-7000-8000-000000000000",
      idempotencyKey: "k",
      obligations: {},
      runId: null,
      stepId: null,
    },
  },
] as const;

describe.each(KINDS)("a token of kind $kind", ({ create, code, expired, required, claims }) => {
  let keys: TestKeys;
  let verify: (token: string) => Promise<unknown>;
  beforeAll(async () => {
    keys = await createKeys();
    verify = await create(keys.publicKey);
  });

  const sign = async (changes: JWTPayload = {}, signer: TestKeys = keys): Promise<string> => {
    const key = await importJWK(signer.privateKey, "EdDSA");
    return new SignJWT({ exp: inSeconds(60), ...claims, ...changes }).setProtectedHeader({ alg: "EdDSA" }).sign(key);
  };

  it("is good when all of it is right, within what clocks may differ", async () => {
    const good = { subject: "user:ada", tenant: "acme" };
    const { subject, actor, tenant } = (await verify(await sign())) as Record<string, unknown>;
    expect({ subject: subject ?? actor, tenant }).toEqual(good);
    for (const changes of [{ nbf: inSeconds(3) }, { exp: inSeconds(-3) }, { aud: ["other", claims.aud] }])
      await expect(verify(await sign(changes))).resolves.toBeDefined();
  });

  it("is refused from another issuer, for another audience, before its time and after it", async () => {
    const table: [string, JWTPayload, string?][] = [
      ["no issuer of ours", { iss: "somebody" }],
      ["an issuer of people's tokens", { iss: "soma-dev" }],
      ["an issuer that only begins like ours", { iss: `${claims.iss}x` }],
      ["another audience", { aud: "soma" }],
      ["other audiences", { aud: ["soma", "web"] }],
      ["not yet", { nbf: inSeconds(30) }],
      ["no longer", { exp: inSeconds(-30) }, expired],
      ["a tenant that is none", { tenant: "ACME; drop" }],
      ["no tenant at all", { tenant: 7 }],
      ["nobody", { sub: "" }],
    ];
    for (const [what, changes, expectedCode = code] of table)
      await expect(verify(await sign(changes)), what).rejects.toMatchObject({ code: expectedCode });
  });

  it("is refused when anything is left out", async () => {
    for (const claim of required)
      await expect(verify(await sign({ [claim]: undefined })), claim).rejects.toMatchObject({ code });
  });

  it("is refused when another key signed it, when nothing did, and when it is not a token", async () => {
    const good = await sign();
    const payload = good.split(".")[1];
    const header = (alg: string) => Buffer.from(JSON.stringify({ alg })).toString("base64url");
    const symmetric = await new SignJWT({ exp: inSeconds(60), ...claims })
      .setProtectedHeader({ alg: "HS256" })
      .sign(Buffer.from(JSON.stringify(keys.publicKey)));
    const bad = {
      "another key": await sign({}, await createKeys()),
      "alg none": `${header("none")}.${payload}.`,
      "alg NONE with a signature": `${header("NONE")}.${payload}.${good.split(".")[2]}`,
      "the public key as a password": symmetric,
      "no signature": `${good.split(".").slice(0, 2).join(".")}.`,
      nothing: "",
      "three dots": "...",
      text: "a.b.c",
    };
    for (const [what, token] of Object.entries(bad)) await expect(verify(token), what).rejects.toMatchObject({ code });
  });

  it("of the other kind is refused", async () => {
    for (const other of KINDS.filter((kind) => kind.code !== code))
      await expect(verify(await sign({ ...other.claims }))).rejects.toMatchObject({ code });
  });
});

describe("createTokenVerifier() with several keys", () => {
  const claims = { iss: "us", aud: "them", sub: "ada", tenant: "acme" };
  let good: TestKeys;
  let other: TestKeys;
  beforeAll(async () => {
    [good, other] = [await createKeys(), await createKeys()];
  });

  const sign = async (changes: JWTPayload = {}): Promise<string> =>
    new SignJWT({ exp: inSeconds(60), ...claims, ...changes })
      .setProtectedHeader({ alg: "EdDSA" })
      .sign(await importJWK(good.privateKey, "EdDSA"));
  const verifyBy = (keys: readonly JWK[]) =>
    createTokenVerifier({ findKeys: () => keys, issuer: "us", audience: "them" });

  it("tries the next one where one did not sign, or is of no use", async () => {
    const useless = [{ ...good.publicKey, crv: "X25519" }, { ...good.publicKey, x: "AA" }, other.publicKey];
    const verify = verifyBy([...useless, { ...good.publicKey, kid: "good" }]);
    expect(await verify(await sign())).toMatchObject({ subject: "ada", keyId: "good" });
    await expect(verifyBy(useless)(await sign())).rejects.toThrow();
  });

  it("says what is wrong with a token that one of them signed, and tries no other", async () => {
    const verify = verifyBy([good.publicKey, other.publicKey]);
    await expect(verify(await sign({ exp: inSeconds(-60) }))).rejects.toThrow(errors.JWTExpired);
    await expect(verify(await sign({ tenant: 7 }))).rejects.toThrow("does not name a tenant");
    await expect(verify(await sign({ exp: 1e300 }))).rejects.toThrow("ends at no time that there is");
  });
});
