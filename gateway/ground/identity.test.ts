import { SomaError } from "@soma/shared/errors";
import { createKeys } from "@soma/shared/testing/principals";
import { errors, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { createDevIdentity, ISSUER } from "./dev-identity.ts";
import { createIdentity, createIdentityByIssuer, findClaim, type IssuerRules } from "./identity.ts";

const REFUSED = { code: "UNAUTHENTICATED" };
const ISSUED_BY = "https://login.example.com";

interface Pair {
  privateKey: JWK;
  publicKey: JWK;
}

async function createPair(alg: string, options = {}): Promise<Pair> {
  const pair = await generateKeyPair(alg, { extractable: true, ...options });
  return { privateKey: await exportJWK(pair.privateKey), publicKey: await exportJWK(pair.publicKey) };
}

describe("createIdentity()", () => {
  let keys: Record<"EdDSA" | "ES256" | "RS256", Pair>;
  const refusals: string[] = [];
  const rules = (changes: Partial<IssuerRules> = {}): IssuerRules => ({
    findKeys: ({ kid }) =>
      Object.entries(keys).flatMap(([name, { publicKey }]) => (name === kid ? [{ ...publicKey, kid }] : [])),
    issuer: ISSUED_BY,
    audience: "soma",
    algorithms: ["EdDSA", "ES256", "RS256"],
    tenantClaim: "tenant",
    rolesClaim: "roles",
    onTokenRefused: (why) => refusals.push(why),
    ...changes,
  });
  beforeAll(async () => {
    const [EdDSA, ES256, RS256] = await Promise.all([createKeys(), createPair("ES256"), createPair("RS256")]);
    keys = { EdDSA, ES256, RS256 };
  });

  const claims = { iss: ISSUED_BY, aud: ["soma", "web"], sub: "ada", tenant: "acme", roles: ["assistant"], jti: "t1" };
  async function sign(changes: object = {}, alg: keyof typeof keys = "ES256", kid: string = alg): Promise<string> {
    return new SignJWT({ exp: Math.floor(Date.now() / 1_000) + 60, ...claims, ...changes })
      .setProtectedHeader({ alg, kid })
      .sign(keys[alg].privateKey);
  }

  it("verify() knows who a token is about, by each of its algorithms", async () => {
    const identity = createIdentity(rules());
    for (const alg of ["EdDSA", "ES256", "RS256"] as const)
      expect((await identity.verify(await sign({}, alg))).principal).toEqual({
        tenant: "acme",
        subject: "ada",
        roles: ["assistant"],
        service: null,
      });
  });

  it("verify() finds tenant and roles where the settings say", async () => {
    const identity = createIdentity(
      rules({ tenantClaim: "https://soma.example.com/tenant", rolesClaim: "realm_access.roles" }),
    );
    const token = await sign({
      tenant: "other",
      "https://soma.example.com/tenant": "umbrella",
      realm_access: { roles: ["operator"] },
    });
    expect((await identity.verify(token)).principal).toMatchObject({ tenant: "umbrella", roles: ["operator"] });
    const scoped = createIdentity(rules({ rolesClaim: "scope" }));
    expect((await scoped.verify(await sign({ scope: " assistant  operator " }))).principal.roles).toEqual([
      "assistant",
      "operator",
    ]);
  });

  it.each([
    ["another issuer", { iss: "https://login.example.com.evil.test" }, "claims"],
    ["another audience", { aud: "web" }, "claims"],
    ["one that is over", { exp: 1 }, "expired"],
    ["no end", { exp: undefined }, "claims"],
    ["one that begins later", { nbf: 9_999_999_999 }, "claims"],
    ["no subject", { sub: undefined }, "claims"],
    ["a tenant that is none", { tenant: "ACME; drop" }, "malformed"],
    ["a list of tenants", { tenant: ["acme"] }, "malformed"],
  ])("verify() refuses %s", async (_what, changes, why) => {
    refusals.length = 0;
    await expect(createIdentity(rules()).verify(await sign(changes))).rejects.toMatchObject(REFUSED);
    expect(refusals).toEqual([why]);
  });

  it("verify() refuses roles that are none, and more than go with a request", async () => {
    refusals.length = 0;
    const identity = createIdentity(rules());
    for (const roles of [undefined, [], "", [7], { a: 1 }, Array.from({ length: 65 }, (_, at) => `role${at}`)])
      await expect(identity.verify(await sign({ roles }))).rejects.toMatchObject(REFUSED);
    for (const changes of [{ sub: "x".repeat(256) }, { roles: ["assistant", "x".repeat(256)] }])
      await expect(identity.verify(await sign(changes))).rejects.toMatchObject(REFUSED);
    expect(refusals).toEqual(Array(8).fill("claims"));
  });

  it("verify() takes no algorithm but its own, and asks for no key then", async () => {
    let asked = 0;
    const findKeys: IssuerRules["findKeys"] = (header) => {
      asked += 1;
      return rules().findKeys(header);
    };
    const identity = createIdentity(rules({ algorithms: ["RS256"], findKeys }));
    const payload = (await sign()).split(".")[1];
    const none = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${payload}.`;
    // The public key as if it were a secret: what an algorithm of secrets would be checked with.
    const secret = await new SignJWT({ exp: 9_999_999_999, ...claims })
      .setProtectedHeader({ alg: "HS256", kid: "RS256" })
      .sign(new TextEncoder().encode(JSON.stringify(keys.RS256.publicKey)));
    for (const token of [await sign({}, "ES256"), none, secret, "", "a.b.c", "x".repeat(5_000)])
      await expect(identity.verify(token)).rejects.toMatchObject(REFUSED);
    expect(asked).toBe(0);
  });

  it("verify() refuses an unknown key, and another one under the name of a known one", async () => {
    refusals.length = 0;
    const identity = createIdentity(rules());
    await expect(identity.verify(await sign({}, "ES256", "gone"))).rejects.toMatchObject(REFUSED);
    const stranger = await createPair("ES256");
    const forged = await new SignJWT({ exp: 9_999_999_999, ...claims })
      .setProtectedHeader({ alg: "ES256", kid: "ES256" })
      .sign(stranger.privateKey);
    await expect(identity.verify(forged)).rejects.toMatchObject(REFUSED);
    expect(refusals).toEqual(["unknown key", "signature"]);
  });

  it("verify() refuses what is revoked: a key whether a token names it or not, and a token", async () => {
    refusals.length = 0;
    const all: IssuerRules["findKeys"] = () => [{ ...keys.ES256.publicKey, kid: "ES256" }];
    const revoked = { keys: new Set<string>(), tokens: new Set<string>() };
    const identity = createIdentity(
      rules({ findKeys: all, revocations: { current: () => revoked, onChange: () => () => {} } }),
    );
    const [named, unnamed] = [
      await sign(),
      await new SignJWT({ exp: 9_999_999_999, ...claims })
        .setProtectedHeader({ alg: "ES256" })
        .sign(keys.ES256.privateKey),
    ];
    for (const token of [named, unnamed]) expect((await identity.verify(token)).proof?.isRevoked()).toBe(false);
    const { proof } = await identity.verify(named);
    revoked.tokens.add("t1");
    await expect(identity.verify(named)).rejects.toThrow("the token, or the key that signed it, is revoked");
    expect(proof?.isRevoked()).toBe(true);
    revoked.tokens.clear();
    expect(proof?.isRevoked()).toBe(false);
    revoked.keys.add("ES256");
    for (const token of [named, unnamed]) await expect(identity.verify(token)).rejects.toMatchObject(REFUSED);
    expect(refusals).toEqual(["revoked", "revoked", "revoked"]);
  });

  it("verify() says that it cannot tell while the keys cannot be had, and not that a token is bad", async () => {
    refusals.length = 0;
    const findKeys = (): never => {
      throw new SomaError("UNAVAILABLE", "away");
    };
    const verifying = createIdentity(rules({ findKeys })).verify(await sign());
    await expect(verifying).rejects.toMatchObject({ code: "UNAVAILABLE" });
    const tooMany = (): never => {
      throw new SomaError("UNAVAILABLE", "too often", { cause: new errors.JWKSNoMatchingKey() });
    };
    const bounded = createIdentity(rules({ findKeys: tooMany })).verify(await sign());
    await expect(bounded).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(refusals).toEqual(["keys unavailable", "unknown key"]);
  });
});

describe("createIdentityByIssuer()", () => {
  it("lets no issuer speak for another", async () => {
    const [own, elsewhere] = await Promise.all([createKeys(), createKeys()]);
    const dev = createDevIdentity({ privateJwk: own.privateKey, publicJwk: own.publicKey });
    const foreign = createDevIdentity({ privateJwk: elsewhere.privateKey, publicJwk: elsewhere.publicKey });
    const oidc = createIdentity({
      findKeys: () => [elsewhere.publicKey],
      issuer: ISSUED_BY,
      audience: "soma",
      algorithms: ["EdDSA"],
      tenantClaim: "tenant",
      rolesClaim: "roles",
    });
    const whys: string[] = [];
    const onTokenRefused = (why: string): void => void whys.push(why);
    const identity = createIdentityByIssuer({ [ISSUER]: dev, [ISSUED_BY]: oidc }, { onTokenRefused });
    const principal = { tenant: "acme", subject: "user:ada", roles: ["assistant"], service: null };
    expect((await identity.verify(await dev.issueAccessToken(principal, 60))).principal).toEqual(principal);
    await expect(identity.verify(await foreign.issueAccessToken(principal, 60))).rejects.toMatchObject(REFUSED);
    const signedBy = (iss: string, pair: Pair) =>
      new SignJWT({ iss, aud: "soma", sub: "user:ada", tenant: "acme", roles: ["assistant"], exp: 9_999_999_999 })
        .setProtectedHeader({ alg: "EdDSA" })
        .sign(pair.privateKey);
    expect((await identity.verify(await signedBy(ISSUED_BY, elsewhere))).principal.tenant).toBe("acme");
    for (const token of [await signedBy(ISSUED_BY, own), await signedBy(ISSUER, elsewhere)])
      await expect(identity.verify(token)).rejects.toMatchObject(REFUSED);
    expect(whys).toEqual([]);
    const saying = (iss: unknown): string => `e30.${btoa(JSON.stringify({ iss })).replaceAll("=", "")}.`;
    for (const token of [
      await signedBy("https://else.test", own),
      await signedBy("constructor", own),
      "",
      // No texts, and nothing that could become one.
      ...[["soma-dev"], { toString: null, valueOf: null }, 7, null].map(saying),
    ])
      await expect(identity.verify(token)).rejects.toMatchObject(REFUSED);
    expect(whys).toEqual(Array(7).fill("unknown issuer"));
  });
});

describe("findClaim()", () => {
  it("takes a claim of that very name before one inside others, and nothing that a claim inherits", () => {
    const claims = { "a.b": 1, a: { b: 2, c: { d: 3 } }, e: null };
    expect(["a.b", "a.c.d", "a.c", "e.f", "toString", "a.constructor"].map((name) => findClaim(claims, name))).toEqual([
      1,
      3,
      { d: 3 },
      undefined,
      undefined,
      undefined,
    ]);
  });
});
