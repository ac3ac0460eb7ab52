import { aPrincipal, createKeys } from "@soma/shared/testing/principals";
import { importJWK, SignJWT } from "jose";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createDevIdentity, createOwnIdentity, type DevIdentity } from "./dev-identity.ts";

const REFUSED = { code: "UNAUTHENTICATED" };

const asker = { principal: aPrincipal(), expiresAt: new Date(Date.now() + 3_600_000) };

describe("createDevIdentity()", () => {
  let keys: Awaited<ReturnType<typeof createKeys>>;
  let identity: DevIdentity;
  beforeAll(async () => {
    keys = await createKeys();
    identity = createDevIdentity({ privateJwk: keys.privateKey, publicJwk: keys.publicKey });
  });

  async function signed(claims: Record<string, unknown>, header: { alg: string } = { alg: "EdDSA" }): Promise<string> {
    const good = {
      iss: "soma-dev",
      aud: "soma",
      sub: "user:ada",
      tenant: "acme",
      roles: ["assistant"],
      jti: "j",
      exp: Date.now() / 1_000 + 60,
    };
    return new SignJWT({ ...good, ...claims })
      .setProtectedHeader(header)
      .sign(await importJWK(keys.privateKey, "EdDSA"));
  }

  it("verify() gives back who a token was issued for, and until when", async () => {
    const principal = aPrincipal({ tenant: "umbrella", subject: "user:eve", roles: ["assistant", "operator"] });
    const { principal: verified, expiresAt } = await identity.verify(await identity.issueAccessToken(principal, 60));
    expect(verified).toEqual(principal);
    expect(expiresAt.getTime() - Date.now()).toBeGreaterThan(55_000);
  });

  it("verify() never takes over a service: that is for tokens between our own processes", async () => {
    expect((await identity.verify(await signed({ service: "runs" }))).principal.service).toBeNull();
  });

  it.each([
    ["another issuer", { iss: "elsewhere" }],
    ["another audience", { aud: "soma-internal" }],
    ["a sign-in token", { aud: "soma-signin" }],
    ["an expired token", { exp: Date.now() / 1_000 - 60 }],
    ["no expiry", { exp: undefined }],
    ["no subject", { sub: undefined }],
    ["a tenant that is none", { tenant: "Acme'; --" }],
    ["no role", { roles: [] }],
    ["roles that are no texts", { roles: [{}] }],
  ])("verify() refuses %s", async (_name, claims) => {
    await expect(identity.verify(await signed(claims))).rejects.toMatchObject(REFUSED);
  });

  it("verify() refuses other keys, other algorithms and unsigned tokens", async () => {
    const other = await createKeys();
    const stranger = createDevIdentity({ privateJwk: other.privateKey, publicJwk: other.publicKey });
    await expect(identity.verify(await stranger.issueAccessToken(aPrincipal(), 60))).rejects.toMatchObject(REFUSED);
    const [, payload] = (await signed({})).split(".");
    const none = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${payload}.`;
    await expect(identity.verify(none)).rejects.toMatchObject(REFUSED);
    await expect(createOwnIdentity(other.publicKey).verify(await signed({}))).rejects.toMatchObject(REFUSED);
  });

  it("redeem() works once, and only for sign-in tokens", async () => {
    const token = identity.issueSignInToken(asker);
    expect(token.length).toBeLessThan(30);
    expect(identity.redeem(token)).toEqual(asker);
    expect(() => identity.redeem(token)).toThrow("used already");
    const access = await identity.issueAccessToken(aPrincipal(), 60);
    expect(() => identity.redeem(access)).toThrow(expect.objectContaining(REFUSED));
  });

  it("redeem() refuses a link whose asker is revoked, and what comes of one before is revoked with it", async () => {
    const revoked = { keys: new Set<string>(), tokens: new Set<string>() };
    const revocations = { current: () => revoked, onChange: () => () => {} };
    const strict = createDevIdentity({ privateJwk: keys.privateKey, publicJwk: keys.publicKey }, { revocations });
    const caller = await strict.verify(await signed({ jti: "stolen" }));
    const [used, kept] = [strict.issueSignInToken(caller), strict.issueSignInToken(caller)];
    const { principal, tokenId } = strict.redeem(used);
    const session = await strict.issueAccessToken(principal, 60, tokenId);
    expect((await strict.verify(session)).principal).toEqual(principal);
    revoked.tokens.add("stolen");
    await expect(strict.verify(session)).rejects.toMatchObject(REFUSED);
    expect(() => strict.redeem(kept)).toThrow("the token that asked for this sign-in link is revoked");
  });

  it("redeem() knows no link that another process made", async () => {
    const next = createDevIdentity({ privateJwk: keys.privateKey, publicJwk: keys.publicKey });
    const token = identity.issueSignInToken(asker);
    expect(() => next.redeem(token)).toThrow(expect.objectContaining(REFUSED));
  });

  it("issueSignInToken() forgets the oldest of a caller that asks for many, and none of another", () => {
    const other = { ...asker, principal: { ...asker.principal, subject: "user:other" } };
    const [first, theirs] = [identity.issueSignInToken(asker), identity.issueSignInToken(other)];
    const many = Array.from({ length: 10_050 }, () => identity.issueSignInToken(asker));
    expect(() => identity.redeem(first)).toThrow(expect.objectContaining(REFUSED));
    expect(identity.redeem(theirs)).toEqual(other);
    expect(identity.redeem(many.at(-20) ?? "")).toEqual(asker);
    expect(() => identity.redeem(many.at(-21) ?? "")).toThrow(expect.objectContaining(REFUSED));
  });

  it("redeem() names no command: the page knows the right one", () => {
    expect(() => identity.redeem("gone")).toThrow(/; ask for a new one$/);
  });

  it("redeem() refuses after ten minutes", () => {
    const token = identity.issueSignInToken(asker);
    vi.useFakeTimers({ now: Date.now() + 10 * 60_000 + 6_000, toFake: ["Date"] });
    try {
      expect(() => identity.redeem(token)).toThrow(expect.objectContaining(REFUSED));
    } finally {
      vi.useRealTimers();
    }
  });
});
