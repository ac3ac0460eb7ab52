import type { JWK } from "jose";
import { describe, expect, it } from "vitest";
import { createJwksCache, type JwksCacheOptions } from "./jwks-cache.ts";

const UNAVAILABLE = { code: "UNAVAILABLE" };
const UNKNOWN_KEY = { code: "ERR_JWKS_NO_MATCHING_KEY" };
const key = (kid: string): JWK => ({ kty: "OKP", crv: "Ed25519", kid });
const asked = (kid?: string) => ({ kid, alg: "EdDSA" });

/** A cache of an issuer that a test turns, with a clock that it moves. */
function createLab(options: Partial<JwksCacheOptions> = {}) {
  const issuer = { keys: ["a"], away: false, fetches: 0, hold: undefined as Promise<void> | undefined };
  const clock = { ms: 1_000_000 };
  const results: string[] = [];
  const cache = createJwksCache({
    async fetchKeys() {
      issuer.fetches += 1;
      const published = issuer.keys.map(key);
      await issuer.hold;
      if (issuer.away) throw new Error("away");
      return published;
    },
    now: () => clock.ms,
    staleMs: 60_000,
    unknown: { burst: 3, everyMs: 6_000 },
    onFetched: (result) => results.push(result),
    ...options,
  });
  const kids = async (kid?: string): Promise<(string | undefined)[]> =>
    (await cache.find(asked(kid))).map((each) => each.kid);
  return { issuer, clock, cache, kids, results };
}

describe("createJwksCache()", () => {
  it("asks once for all who come before the first keys, and no more while each is known", async () => {
    const { issuer, cache, kids, results } = createLab();
    expect(cache.ageMs()).toBeUndefined();
    await expect(cache.check()).rejects.toMatchObject(UNAVAILABLE);
    expect(await Promise.all([kids("a"), kids("a"), kids()])).toEqual([["a"], ["a"], ["a"]]);
    expect(await kids("a")).toEqual(["a"]);
    expect([issuer.fetches, results, cache.ageMs()]).toEqual([1, ["taken"], 0]);
    await cache.check();
  });

  it("asks at once when a token names a key that it has not heard of", async () => {
    const { issuer, kids } = createLab();
    await kids("a");
    issuer.keys = ["a", "b"];
    expect(await kids("b")).toEqual(["b"]);
    expect(await kids("c")).toEqual([]);
    expect(issuer.fetches).toBe(3);
  });

  it("asks again when the answer on its way may be older than the key", async () => {
    const { issuer, cache, kids } = createLab();
    await kids("a");
    const { promise, resolve } = Promise.withResolvers<void>();
    issuer.hold = promise;
    const slow = cache.refresh();
    issuer.keys = ["a", "b"];
    const found = kids("b");
    issuer.hold = undefined;
    resolve();
    await slow;
    expect(await found).toEqual(["b"]);
    expect(issuer.fetches).toBe(3);
  });

  it("bounds what tokens with unknown keys can cause, and says then that it cannot tell", async () => {
    const { issuer, clock, cache, kids } = createLab();
    await cache.refresh();
    for (const kid of ["x", "y", "z"]) expect(await kids(kid)).toEqual([]);
    for (let times = 0; times < 100; times += 1)
      await expect(kids(`${times}`)).rejects.toMatchObject({ ...UNAVAILABLE, cause: UNKNOWN_KEY });
    expect(issuer.fetches).toBe(4);
    expect(await kids("a")).toEqual(["a"]);
    clock.ms += 6_000;
    expect(await kids("x")).toEqual([]);
    await expect(kids("y")).rejects.toMatchObject(UNAVAILABLE);
    clock.ms += 3_600_000;
    await cache.refresh();
    for (const kid of ["x", "y", "z"]) expect(await kids(kid)).toEqual([]);
    await expect(kids("x")).rejects.toMatchObject(UNAVAILABLE);
    // Without keys it is not the token that is odd.
    clock.ms += 60_000;
    issuer.away = true;
    for (let times = 0; times < 9; times += 1) await kids("a").catch(() => {});
    const error: unknown = await kids("a").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ ...UNAVAILABLE, message: expect.stringContaining("too often"), cause: undefined });
  });

  it("goes on with what it has while the issuer is away, up to the limit and not a moment longer", async () => {
    const { issuer, clock, cache, kids, results } = createLab();
    await cache.refresh();
    issuer.away = true;
    clock.ms += 59_999;
    await expect(cache.refresh()).rejects.toMatchObject(UNAVAILABLE);
    expect([await kids("a"), cache.ageMs()]).toEqual([["a"], 59_999]);
    // Of a key that it does not know nothing can be said meanwhile.
    await expect(kids("b")).rejects.toMatchObject(UNAVAILABLE);
    clock.ms += 1;
    await expect(kids("a")).rejects.toMatchObject(UNAVAILABLE);
    await expect(cache.check()).rejects.toMatchObject(UNAVAILABLE);
    issuer.away = false;
    expect(await kids("a")).toEqual(["a"]);
    await cache.check();
    expect(results).toEqual(["taken", "failed", "failed", "failed", "taken"]);
  });

  it("uses no key that was withdrawn once it has asked again, and none that the issuer has ended", async () => {
    const { issuer, clock, cache, kids } = createLab();
    issuer.keys = ["a", "b"];
    await cache.refresh();
    issuer.keys = ["b"];
    expect(await kids("a")).toEqual(["a"]);
    await cache.refresh();
    expect(await kids("a")).toEqual([]);
    const ending = createLab({ fetchKeys: async () => [{ ...key("a"), exp: clock.ms / 1_000 + 1 } as JWK] });
    expect(await ending.kids("a")).toEqual(["a"]);
    ending.clock.ms += 1_000;
    expect(await ending.kids("a")).toEqual([]);
  });

  it("counts the age from when it asked, and takes a clock that was set back for no age", async () => {
    const { clock, cache, issuer } = createLab();
    const { promise, resolve } = Promise.withResolvers<void>();
    issuer.hold = promise;
    const refreshed = cache.refresh();
    clock.ms += 5_000;
    resolve();
    await refreshed;
    expect(cache.ageMs()).toBe(5_000);
    clock.ms -= 3_600_000;
    expect(cache.ageMs()).toBe(0);
  });

  it("asks again after a fetch that failed before it began", async () => {
    let fails = true;
    const { cache, kids } = createLab({
      fetchKeys: () => {
        if (fails) throw new Error("no address");
        return Promise.resolve([key("a")]);
      },
    });
    await expect(cache.refresh()).rejects.toMatchObject(UNAVAILABLE);
    fails = false;
    expect(await kids("a")).toEqual(["a"]);
  });
});
