import { SomaError } from "@soma/shared/errors";
import { type Principal, toRoles } from "@soma/shared/identity/principal";
import type { TokenRules } from "@soma/shared/identity/verify-token";
import { decodeJwt, type JWTPayload } from "jose";
import { type AccessRules, createAccessVerifier, type Proof } from "./access-token.ts";

/** A caller that proved who it is, and until when. */
export interface Identified {
  principal: Principal;
  expiresAt: Date;
  /** Whether that is still so, where it may be revoked. */
  proof?: Proof;
  /** Id of the token (`jti`), if it has one. */
  tokenId?: string;
}

export interface Identity {
  /** Checks an access token; throws UNAUTHENTICATED, or UNAVAILABLE while it cannot be checked. */
  verify(token: string): Promise<Identified>;
}

export interface IssuerRules extends AccessRules {
  findKeys: TokenRules["findKeys"];
  issuer: string;
  audience: string;
  algorithms: readonly string[];
  /** Claims that name the tenant and the roles. */
  tenantClaim: string;
  rolesClaim: string;
}

/** A directory may name hundreds of groups: each goes with every request to a subgraph. */
const MAX_ROLES = 64;
const MAX_NAME = 255;

/** Identity that an issuer gives: who somebody is stands in its tokens, and its keys say that they are its own. */
export function createIdentity({ tenantClaim, rolesClaim, ...rules }: IssuerRules): Identity {
  const verify = createAccessVerifier({ ...rules, tenantOf: (claims) => findClaim(claims, tenantClaim) }, rules);
  function refuse(why: string): never {
    rules.onTokenRefused?.("claims");
    throw new SomaError("UNAUTHENTICATED", why);
  }
  return {
    async verify(token) {
      const { tenant, subject, expiresAt, claims, proof } = await verify(token);
      const roles = toRoleNames(findClaim(claims, rolesClaim));
      if (roles === undefined || roles.length > MAX_ROLES)
        return refuse(`the token does not name 1 to ${MAX_ROLES} roles in ${rolesClaim}`);
      if ([subject, ...roles].some((name) => name.length > MAX_NAME))
        return refuse(`the subject or a role of the token is longer than ${MAX_NAME} characters`);
      const named = typeof claims.jti === "string" ? { tokenId: claims.jti } : {};
      return { principal: { tenant, subject, roles, service: null }, expiresAt, proof, ...named };
    },
  };
}

/** Whoever issued a token checks it: each issuer has keys of its own, and one never speaks for another. */
export function createIdentityByIssuer(
  identities: Readonly<Record<string, Identity>>,
  { onTokenRefused = () => {} }: Pick<AccessRules, "onTokenRefused"> = {},
): Identity {
  return {
    async verify(token) {
      const issuer = issuerOf(token);
      const identity = Object.hasOwn(identities, issuer) ? identities[issuer] : undefined;
      if (identity !== undefined) return identity.verify(token);
      onTokenRefused("unknown issuer");
      throw new SomaError("UNAUTHENTICATED", "the token is missing, incomplete or of an issuer that is not known here");
    },
  };
}

function issuerOf(token: string): string {
  try {
    const iss: unknown = decodeJwt(token).iss;
    return typeof iss === "string" ? iss : "";
  } catch {
    return "";
  }
}

/** A claim of that very name, as names may be addresses with dots in them; else one inside others, such as `realm.roles`. */
export function findClaim(claims: JWTPayload, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** A list, or one text with spaces between them as `scope` is. */
function toRoleNames(value: unknown): string[] | undefined {
  const roles = typeof value === "string" ? value.split(" ").filter((role) => role !== "") : toRoles(value);
  return roles === undefined || roles.length === 0 ? undefined : roles;
}
