import { SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { SomaError } from "../errors.ts";
import { toCryptoKey } from "./crypto-key.ts";
import { findSigningKey, findVerifyKeys, type Keys, toRing } from "./key-ring.ts";
import { type Principal, toRoles } from "./principal.ts";
import { createTokenVerifier } from "./verify-token.ts";

/** Who may say who asks: the gateway, workers, tools that are asked for on the bus, and one part that somebody runs by itself. */
const ISSUERS = ["soma-gateway", "soma-worker", "soma-tools", "soma-part"] as const;
export type InternalIssuer = (typeof ISSUERS)[number];

const AUDIENCE = "soma-internal";
/** Seconds a token is good for; one is made per request or connection, so it only has to outlive the way there. */
const LIFETIME_S = 60;

export type SignPrincipal = (principal: Principal) => Promise<string>;
export type VerifyPrincipal = (token: string) => Promise<Principal>;

/**
 * Signs who asks, for the way between our own processes (EdDSA, one minute), with the newest of the keys. Tokens are reused
 * for half their life: one of the key before is good as long as any that was signed just before the change.
 */
export function createPrincipalSigner(
  keys: Keys,
  issuer: InternalIssuer,
  lifetimeS: number = LIFETIME_S,
): SignPrincipal {
  const ring = toRing(keys);
  const recent = new LRUCache<string, Promise<string>>({ max: 1_000, ttl: (lifetimeS * 1_000) / 2 });

  async function sign(principal: Principal): Promise<string> {
    const key = findSigningKey(ring(), Date.now() / 1_000);
    return new SignJWT({ tenant: principal.tenant, roles: principal.roles, service: principal.service })
      .setProtectedHeader({ alg: "EdDSA", ...(key.kid === undefined ? {} : { kid: key.kid }) })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject(principal.subject)
      .setIssuedAt()
      .setExpirationTime(`${lifetimeS}s`)
      .sign(await toCryptoKey(key, "EdDSA"));
  }

  return (principal) => {
    const name = JSON.stringify([principal.tenant, principal.subject, principal.roles, principal.service]);
    const token = recent.get(name) ?? sign(principal);
    if (!recent.has(name)) recent.set(name, token);
    return token;
  };
}

export function createPrincipalVerifier(keys: Keys): VerifyPrincipal {
  const ring = toRing(keys);
  const verify = createTokenVerifier({
    findKeys: (header) => findVerifyKeys(ring(), header, Date.now() / 1_000),
    issuer: ISSUERS,
    audience: AUDIENCE,
  });
  return async (token) => {
    const { tenant, subject, claims } = await verify(token).catch((cause: unknown) => {
      throw new SomaError(
        "UNAUTHENTICATED",
        "the internal token is missing, expired, incomplete or not signed by the gateway",
        { cause },
      );
    });
    const { service } = claims;
    const roles = toRoles(claims.roles);
    if (roles === undefined) throw new SomaError("UNAUTHENTICATED", "the internal token does not name roles");
    return { tenant, subject, roles, service: typeof service === "string" ? service : null };
  };
}
