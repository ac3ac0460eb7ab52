import { SomaError } from "@soma/shared/errors";
import { findVerifyKeys, type Keys, toRing } from "@soma/shared/identity/key-ring";
import { type Principal, toRoles } from "@soma/shared/identity/principal";
import { base64url, decodeJwt, importJWK, type JWK, SignJWT } from "jose";
import { type AccessRules, createAccessVerifier, type Proof } from "./access-token.ts";

/** Of tokens that are signed by a key of this installation. */
export const ISSUER = "soma-dev";
const ACCESS_AUDIENCE = "soma";
const SIGN_IN_MS = 10 * 60_000;
/** Sign-in links that nobody followed yet: of one caller, whose oldest goes, and of all. Each is forgotten when it expires. */
const MAX_LINKS_OF_CALLER = 20;
const MAX_LINKS = 10_000;

/** A caller that proved who it is, and until when. */
export interface Identified {
  principal: Principal;
  expiresAt: Date;
  /** Whether that is still so, where it may be revoked. */
  proof?: Proof;
}

export interface Identity {
  /** Checks an access token; throws UNAUTHENTICATED. */
  verify(token: string): Promise<Identified>;
}

/** Identity of one machine: tokens signed by a key of its own. */
export interface DevIdentity extends Identity {
  issueAccessToken(principal: Principal, ttlSeconds: number): Promise<string>;
  /** For a link: good once, for ten minutes, and never after this process. */
  issueSignInToken(asker: Identified): string;
  /** Trades a sign-in token for whoever asked for it, and until when that is proved; throws UNAUTHENTICATED the second time. */
  redeem(token: string): Identified;
}

/** The web UI takes the token from the fragment, which browsers never send to a server. */
export function toSignInLink(origin: string, token: string): string {
  return `${origin}/#t=${token}`;
}

/** Verifies access tokens with public keys alone. */
export function createIdentity(keys: Keys, rules: AccessRules = {}): Identity {
  const ring = toRing(keys);
  const verify = createAccessVerifier(
    {
      findKeys: (header) => findVerifyKeys(ring(), header, Date.now() / 1_000),
      issuer: ISSUER,
      audience: ACCESS_AUDIENCE,
    },
    { ...rules, signer: "this installation" },
  );
  return {
    async verify(token) {
      const { tenant, subject, expiresAt, claims, proof } = await verify(token);
      const roles = toRoles(claims.roles);
      if (roles === undefined) throw new SomaError("UNAUTHENTICATED", "the token does not name roles");
      return { principal: { tenant, subject, roles, service: null }, expiresAt, proof };
    },
  };
}

/** Whoever issued a token checks it: each issuer has keys of its own, and one never speaks for another. */
export function createIdentityByIssuer(identities: Readonly<Record<string, Identity>>): Identity {
  return {
    async verify(token) {
      const issuer = issuerOf(token);
      const identity = Object.hasOwn(identities, issuer) ? identities[issuer] : undefined;
      if (identity === undefined)
        throw new SomaError(
          "UNAUTHENTICATED",
          "the token is missing, incomplete or of an issuer that is not known here",
        );
      return identity.verify(token);
    },
  };
}

function issuerOf(token: string): string {
  try {
    return decodeJwt(token).iss ?? "";
  } catch {
    return "";
  }
}

export async function createDevIdentity(
  keys: { privateJwk: JWK; publicJwk: Keys },
  rules: AccessRules = {},
): Promise<DevIdentity> {
  const privateKey = await importJWK(keys.privateJwk, "EdDSA");
  const identity = createIdentity(keys.publicJwk, rules);
  const links: Links = new Map();

  return {
    ...identity,
    issueAccessToken: ({ tenant, subject, roles }, ttlSeconds) =>
      new SignJWT({ tenant, roles })
        .setProtectedHeader({ alg: "EdDSA" })
        .setIssuer(ISSUER)
        .setAudience(ACCESS_AUDIENCE)
        .setSubject(subject)
        .setJti(crypto.randomUUID())
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1_000) + ttlSeconds)
        .sign(privateKey),
    issueSignInToken(asker) {
      for (const [token, { until }] of links) if (until < Date.now()) links.delete(token);
      forgetOldest(links, asker);
      if (links.size >= MAX_LINKS)
        throw new SomaError("LIMIT_EXCEEDED", "too many sign-in links were made in the last minutes; try again later");
      const token = base64url.encode(crypto.getRandomValues(new Uint8Array(16)));
      links.set(token, { asker, until: Date.now() + SIGN_IN_MS });
      return token;
    },
    redeem(token) {
      const link = links.get(token);
      links.delete(token);
      if (link === undefined || link.until < Date.now())
        throw new SomaError(
          "UNAUTHENTICATED",
          "this sign-in link was used already, or is older than ten minutes or than this process; ask for a new one",
        );
      return link.asker;
    },
  };
}

type Links = Map<string, { asker: Identified; until: number }>;

/** One caller that asks for links without end costs nobody else theirs. */
function forgetOldest(links: Links, { principal: { tenant, subject } }: Identified): void {
  const own = [...links].filter(
    ([, { asker }]) => asker.principal.tenant === tenant && asker.principal.subject === subject,
  );
  for (const [token] of own.slice(0, Math.max(0, own.length + 1 - MAX_LINKS_OF_CALLER))) links.delete(token);
}
