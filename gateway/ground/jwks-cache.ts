import { SomaError } from "@soma/shared/errors";
import { findVerifyKeys, type TokenHeader } from "@soma/shared/identity/key-ring";
import { errors, type JWK } from "jose";

export interface JwksCacheOptions {
  /** The keys of the issuer, as it publishes them now. */
  fetchKeys: () => Promise<readonly JWK[]>;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Keys that could not be fetched again for so long are used no more: one that was withdrawn must stop somewhere. */
  staleMs: number;
  /** Fetches that tokens with unknown keys may cause: so many at once, and one more each so many milliseconds. */
  unknown?: { burst: number; everyMs: number };
  /** Told how each fetch ended. */
  onFetched?: (result: "taken" | "failed") => void;
}

export interface JwksCache {
  /** The keys that may have signed a token; throws UNAVAILABLE while that cannot be known. */
  find(header: TokenHeader): Promise<readonly JWK[]>;
  /** Fetches the keys; throws UNAVAILABLE when that fails, and those of before stay. */
  refresh(): Promise<void>;
  /** How long ago these keys were asked for; undefined before the first. */
  ageMs(): number | undefined;
  /** Throws UNAVAILABLE when there are no keys that could be used. */
  check(): Promise<void>;
}

const UNKNOWN = { burst: 10, everyMs: 6_000 };

/**
 * The keys of an issuer elsewhere. They are used for as long as they cannot be fetched again, up to a limit. A token that
 * names a key nobody has heard of has them fetched at once, since its issuer may just have changed it; how often, is bounded.
 */
export function createJwksCache(options: JwksCacheOptions): JwksCache {
  const { fetchKeys, now, staleMs, onFetched = () => {} } = options;
  const allowance = createAllowance(options.unknown ?? UNKNOWN, now);
  let kept: { keys: readonly JWK[]; askedAt: number } | undefined;
  let flight: Promise<void> | undefined;

  async function fetchOnce(): Promise<void> {
    const askedAt = now();
    try {
      kept = { keys: await fetchKeys(), askedAt };
      onFetched("taken");
    } catch (cause) {
      onFetched("failed");
      throw new SomaError("UNAVAILABLE", "the keys of the issuer of tokens cannot be fetched", { cause });
    }
  }

  function refresh(): Promise<void> {
    flight ??= fetchOnce().finally(() => {
      flight = undefined;
    });
    return flight;
  }

  const ageMs = (): number | undefined => (kept === undefined ? undefined : Math.max(0, now() - kept.askedAt));
  const isUsable = (): boolean => (ageMs() ?? Number.POSITIVE_INFINITY) < staleMs;
  const pick = (header: TokenHeader): readonly JWK[] =>
    isUsable() ? findVerifyKeys(kept?.keys ?? [], header, now() / 1_000) : [];

  /** A fetch that began after it was asked for, unless too many were asked for: then nothing can be said. */
  async function fetchForOne(header: TokenHeader): Promise<readonly JWK[]> {
    const isJoined = flight !== undefined;
    await fetchAllowed();
    const found = pick(header);
    // One that was on its way already may be older than the key.
    if (found.length > 0 || !isJoined) return found;
    await fetchAllowed();
    return pick(header);
  }

  async function fetchAllowed(): Promise<void> {
    if (flight === undefined && !allowance.take()) {
      // Where the keys are good it is the token that is odd, and nobody has to look after the issuer.
      const cause = isUsable() ? new errors.JWKSNoMatchingKey() : undefined;
      const why = "who asks cannot be checked now: keys were asked for too often; try again";
      throw new SomaError("UNAVAILABLE", why, { cause });
    }
    await refresh();
  }

  return {
    async find(header) {
      const found = pick(header);
      if (found.length > 0 || (isUsable() && header.kid === undefined)) return found;
      return fetchForOne(header);
    },
    refresh,
    ageMs,
    async check() {
      if (!isUsable()) throw new SomaError("UNAVAILABLE", "the keys of the issuer of tokens are missing or too old");
    },
  };
}

/** A bucket that holds a burst and fills up with time. */
function createAllowance({ burst, everyMs }: { burst: number; everyMs: number }, now: () => number) {
  let left = burst;
  let at = now();
  return {
    take(): boolean {
      const passed = Math.max(0, now() - at);
      left = Math.min(burst, left + passed / everyMs);
      at = now();
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
