import { SomaError } from "@soma/shared/errors";
import { isTenant, type Principal } from "@soma/shared/identity/principal";
import { importJWK, type JWK, jwtVerify, SignJWT } from "jose";

const ISSUER = "soma-dev";
const ACCESS_AUDIENCE = "soma";
const SIGN_IN_AUDIENCE = "soma-signin";
const SIGN_IN_S = 10 * 60;
/** Used sign-in tokens that are remembered; each is forgotten when it would have expired anyway. */
const MAX_USED = 10_000;

/** A caller that proved who it is, and until when. */
export interface Identified {
  principal: Principal;
  expiresAt: Date;
}

export interface Identity {
  /** Checks an access token; throws UNAUTHENTICATED. */
  verify(token: string): Promise<Identified>;
}

/** Identity of one machine: tokens signed by a key of its own. */
export interface DevIdentity extends Identity {
  issueAccessToken(principal: Principal, ttlSeconds: number): Promise<string>;
  /** For a link: good once, for ten minutes. */
  issueSignInToken(principal: Principal): Promise<string>;
  /** Trades a sign-in token for who it was made for; throws UNAUTHENTICATED the second time. */
  redeem(token: string): Promise<Principal>;
}

/** The web UI takes the token from the fragment, which browsers never send to a server. */
export function toSignInLink(origin: string, token: string): string {
  return `${origin}/#t=${token}`;
}

/** Verifies access tokens with a public key alone. */
export async function createIdentity(publicJwk: JWK): Promise<Identity> {
  const key = await importJWK(publicJwk, "EdDSA");
  return {
    async verify(token) {
      const { principal, exp } = await read(token, key, ACCESS_AUDIENCE);
      return { principal, expiresAt: new Date(exp * 1_000) };
    },
  };
}

export async function createDevIdentity(keys: { privateJwk: JWK; publicJwk: JWK }): Promise<DevIdentity> {
  const [privateKey, publicKey, identity] = await Promise.all([
    importJWK(keys.privateJwk, "EdDSA"),
    importJWK(keys.publicJwk, "EdDSA"),
    createIdentity(keys.publicJwk),
  ]);
  const used = new Map<string, number>();

  function issue({ tenant, subject, roles }: Principal, audience: string, ttlSeconds: number): Promise<string> {
    return new SignJWT({ tenant, roles })
      .setProtectedHeader({ alg: "EdDSA" })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setSubject(subject)
      .setJti(crypto.randomUUID())
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1_000) + ttlSeconds)
      .sign(privateKey);
  }

  function useOnce(jti: string, exp: number): void {
    const now = Date.now() / 1_000;
    for (const [id, until] of used) if (until < now) used.delete(id);
    if (used.has(jti))
      throw new SomaError(
        "UNAUTHENTICATED",
        "this sign-in link was used already; ask for a new one with `npx soma signin`",
      );
    if (used.size >= MAX_USED)
      throw new SomaError("LIMIT_EXCEEDED", "too many sign-in links were used in the last minutes; try again later");
    used.set(jti, exp);
  }

  return {
    ...identity,
    issueAccessToken: (principal, ttlSeconds) => issue(principal, ACCESS_AUDIENCE, ttlSeconds),
    issueSignInToken: (principal) => issue(principal, SIGN_IN_AUDIENCE, SIGN_IN_S),
    async redeem(token) {
      const { principal, exp, jti } = await read(token, publicKey, SIGN_IN_AUDIENCE);
      useOnce(jti, exp);
      return principal;
    },
  };
}

async function read(
  token: string,
  key: CryptoKey | Uint8Array,
  audience: string,
): Promise<{ principal: Principal; exp: number; jti: string }> {
  const { payload } = await jwtVerify(token, key, {
    issuer: ISSUER,
    audience,
    algorithms: ["EdDSA"],
    clockTolerance: 5,
  }).catch((cause: unknown) => {
    throw new SomaError("UNAUTHENTICATED", "the token is missing, expired or not signed by this installation", {
      cause,
    });
  });
  const { sub, tenant, roles, exp, jti } = payload;
  if (
    typeof sub !== "string" ||
    !isTenant(tenant) ||
    typeof exp !== "number" ||
    typeof jti !== "string" ||
    !Array.isArray(roles) ||
    !roles.every((role) => typeof role === "string")
  ) {
    throw new SomaError("UNAUTHENTICATED", "the token does not name a subject, a tenant and roles");
  }
  return { principal: { tenant, subject: sub, roles, service: null }, exp, jti };
}
