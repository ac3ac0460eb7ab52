import { importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { SomaError } from "../errors.ts";
import { isTenant, type Principal } from "./principal.ts";

const AUDIENCE = "soma-internal";
/** Seconds a token is good for; one is made per request or connection, so it only has to outlive the way there. */
const LIFETIME_S = 60;

export type SignPrincipal = (principal: Principal) => Promise<string>;
export type VerifyPrincipal = (token: string) => Promise<Principal>;

/** Signs who asks, for the way between our own processes (EdDSA, one minute). Tokens are reused for half their life. */
export async function createPrincipalSigner(
  privateKey: JWK,
  issuer: string,
  lifetimeS: number = LIFETIME_S,
): Promise<SignPrincipal> {
  const key = await importJWK(privateKey, "EdDSA");
  const recent = new LRUCache<string, Promise<string>>({ max: 1_000, ttl: (lifetimeS * 1_000) / 2 });

  function sign(principal: Principal): Promise<string> {
    return new SignJWT({ tenant: principal.tenant, roles: principal.roles, service: principal.service })
      .setProtectedHeader({ alg: "EdDSA", ...(privateKey.kid === undefined ? {} : { kid: privateKey.kid }) })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject(principal.subject)
      .setIssuedAt()
      .setExpirationTime(`${lifetimeS}s`)
      .sign(key);
  }

  return (principal) => {
    const name = JSON.stringify([principal.tenant, principal.subject, principal.roles, principal.service]);
    const token = recent.get(name) ?? sign(principal);
    if (!recent.has(name)) recent.set(name, token);
    return token;
  };
}

export async function createPrincipalVerifier(publicKey: JWK): Promise<VerifyPrincipal> {
  const key = await importJWK(publicKey, "EdDSA");
  return async (token) => {
    const { payload } = await jwtVerify(token, key, {
      audience: AUDIENCE,
      algorithms: ["EdDSA"],
      clockTolerance: 5,
    }).catch((cause: unknown) => {
      throw new SomaError("UNAUTHENTICATED", "the internal token is missing, expired or not signed by the gateway", {
        cause,
      });
    });
    const { sub, tenant, roles, service } = payload;
    if (
      typeof sub !== "string" ||
      !isTenant(tenant) ||
      !Array.isArray(roles) ||
      !roles.every((role) => typeof role === "string")
    ) {
      throw new SomaError("UNAUTHENTICATED", "the internal token does not name a subject, a tenant and roles");
    }
    return { tenant, subject: sub, roles, service: typeof service === "string" ? service : null };
  };
}
