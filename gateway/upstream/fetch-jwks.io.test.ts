import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIdentity } from "../ground/identity.ts";
import { createJwksCache, type JwksCacheOptions } from "../ground/jwks-cache.ts";
import { createUndiciSend } from "../node/undici-send.ts";
import { ISSUED_BY, type Issuer, type Manner, startIssuer } from "../testing/issuer.ts";
import { createFetchJwks, MAX_JWKS_BYTES, toVerifyKeys } from "./fetch-jwks.ts";

const BAD_MANNERS: Manner[] = [
  "fails",
  "hangs",
  "hangs half way",
  "lies",
  "has none",
  "never ends",
  "points elsewhere",
];

describe("keys of an issuer elsewhere", () => {
  let issuer: Issuer;
  const { send, close } = createUndiciSend(MAX_JWKS_BYTES);
  beforeAll(async () => {
    issuer = await startIssuer();
  });
  afterAll(async () => {
    await close();
    await issuer.close();
  });

  function createVerifier({ timeoutMs, ...options }: Partial<JwksCacheOptions> & { timeoutMs?: number } = {}) {
    const fetchKeys = createFetchJwks({ url: issuer.url, send, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    const cache = createJwksCache({ fetchKeys, now: Date.now, staleMs: 60_000, ...options });
    const identity = createIdentity({
      findKeys: cache.find,
      issuer: ISSUED_BY,
      audience: "soma",
      algorithms: ["EdDSA"],
      tenantClaim: "tenant",
      rolesClaim: "roles",
    });
    return { cache, identity };
  }

  it.each(BAD_MANNERS)(
    "stay as they are while its address %s, and others come when it tells them again",
    async (manner) => {
      const { cache, identity } = createVerifier({ timeoutMs: 250 });
      const before = await issuer.sign();
      await identity.verify(before);
      issuer.manner = manner;
      await expect(cache.refresh()).rejects.toMatchObject({ code: "UNAVAILABLE" });
      await identity.verify(before);
      await issuer.rotate();
      const after = await issuer.sign();
      await expect(identity.verify(after)).rejects.toMatchObject({ code: "UNAVAILABLE" });
      issuer.manner = "tells";
      await identity.verify(after);
      await identity.verify(before);
    },
  );

  it("change 30 times under requests, and nobody is refused, however old what a gateway has", async () => {
    const unknown = { burst: 10, everyMs: 20 };
    const verifiers = [20, 150, 700, undefined].map((refreshMs) => {
      const { cache, identity } = createVerifier({ unknown });
      const timer = refreshMs === undefined ? undefined : setInterval(() => cache.refresh().catch(() => {}), refreshMs);
      return { identity, stop: () => clearInterval(timer) };
    });
    let changes = 0;
    let requests = 0;
    const refused: unknown[] = [];
    const asking = verifiers.map(async ({ identity }) => {
      let held = await issuer.sign();
      while (changes < 30) {
        const token = await issuer.sign();
        for (const each of [token, held])
          await identity.verify(each).then(
            () => (requests += 1),
            (error: unknown) => refused.push(error),
          );
        held = token;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    for (; changes < 30; changes += 1) {
      await issuer.rotate(5);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await Promise.all(asking);
    for (const { stop } of verifiers) stop();
    expect(refused).toEqual([]);
    expect(requests).toBeGreaterThan(500);
  });

  it("are asked for by few, however many tokens name keys that there are not", async () => {
    const { cache, identity } = createVerifier();
    await cache.refresh();
    const stranger = await startIssuer();
    const before = issuer.asked();
    const codes = new Set<string>();
    for (let times = 0; times < 200; times += 1) {
      await stranger.rotate();
      await stranger
        .sign()
        .then(identity.verify)
        .catch((error: { code: string }) => codes.add(error.code));
    }
    await stranger.close();
    expect(issuer.asked() - before).toBeLessThanOrEqual(11);
    expect([...codes].toSorted()).toEqual(["UNAUTHENTICATED", "UNAVAILABLE"]);
    await identity.verify(await issuer.sign());
  });
});

describe("toVerifyKeys()", () => {
  const good = { kty: "EC", crv: "P-256", kid: "a" };

  it("takes public keys that verify signatures, and leaves out the others", () => {
    const others = [
      { kty: "oct", k: "c2VjcmV0" },
      { ...good, d: "private" },
      { ...good, use: "enc" },
      { ...good, kid: 7 },
      null,
      "key",
    ];
    expect(toVerifyKeys({ keys: [...others, good, { ...good, use: "sig" }] })).toEqual([good, { ...good, use: "sig" }]);
  });

  it("refuses what is no set, an empty one and a huge one", () => {
    for (const value of [null, [], { keys: {} }, { keys: [] }, { keys: [null] }, { keys: Array(33).fill(good) }])
      expect(() => toVerifyKeys(value)).toThrow(/set of keys/);
  });
});
