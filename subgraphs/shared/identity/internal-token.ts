import { SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { SomaError } from "../errors.ts";
import { type Keys, signingKeyOf, type TimedKey, verifyKeysOf } from "./key-ring.ts";
import { type Principal, toRoles } from "./principal.ts";
import { createTokenSigner } from "./sign-token.ts";
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
 * for half their life, and none once another key signs: the one before may be good no more.
 */
export function createPrincipalSigner(
  keys: Keys,
  issuer: InternalIssuer,
  lifetimeS: number = LIFETIME_S,
): SignPrincipal {
  const [signingKey, signToken] = [signingKeyOf(keys), createTokenSigner(keys)];
  const recent = new LRUCache<string, Promise<string>>({ max: 1_000, ttl: (lifetimeS * 1_000) / 2 });

  function sign({ tenant, subject, roles, service }: Principal): Promise<string> {
    return signToken(
      new SignJWT({ tenant, roles, service })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime(`${lifetimeS}s`),
    );
  }

  let signedBy: TimedKey | undefined;
  return (principal) => {
    const key = signingKey();
    if (key !== signedBy) recent.clear();
    signedBy = key;
    const name = JSON.stringify([principal.tenant, principal.subject, principal.roles, principal.service]);
    const token = recent.get(name) ?? sign(principal);
    if (!recent.has(name)) recent.set(name, token);
    return token;
  };
}

export function createPrincipalVerifier(keys: Keys): VerifyPrincipal {
  const verify = createTokenVerifier({ findKeys: verifyKeysOf(keys), issuer: ISSUERS, audience: AUDIENCE });
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
