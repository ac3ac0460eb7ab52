import { SomaError } from "@soma/shared/errors";
import { type Keys, verifyKeysOf } from "@soma/shared/identity/key-ring";
import type { Principal } from "@soma/shared/identity/principal";
import { createTokenSigner } from "@soma/shared/identity/sign-token";
import { base64url, SignJWT } from "jose";
import type { AccessRules } from "./access-token.ts";
import { createIdentity, type Identified, type Identity } from "./identity.ts";

/** Of tokens that are signed by a key of this installation. */
export const ISSUER = "soma-dev";
const ACCESS_AUDIENCE = "soma";
const SIGN_IN_MS = 10 * 60_000;
/** Sign-in links that nobody followed yet: of one caller, whose oldest goes, and of all. Each is forgotten when it expires. */
const MAX_LINKS_OF_CALLER = 20;
const MAX_LINKS = 10_000;

/** Identity of one machine: tokens signed by a key of its own. */
export interface DevIdentity extends Identity {
  /** With an id of its own, or with that of the token it comes from: whatever revokes that one revokes it too. */
  issueAccessToken(principal: Principal, ttlSeconds: number, tokenId?: string): Promise<string>;
  /** For a link: good once, for ten minutes, and never after this process. */
  issueSignInToken(asker: Identified): string;
  /**
   * Trades a sign-in token for whoever asked for it, and until when that is proved; throws UNAUTHENTICATED the second time,
   * and once that proof is revoked.
   */
  redeem(token: string): Identified;
}

/** The web UI takes the token from the fragment, which browsers never send to a server. */
export function toSignInLink(origin: string, token: string): string {
  return `${origin}/#t=${token}`;
}

/** By the keys of this installation. */
export function createOwnIdentity(keys: Keys, rules: AccessRules = {}): Identity {
  return createIdentity({
    ...rules,
    findKeys: verifyKeysOf(keys),
    issuer: ISSUER,
    audience: ACCESS_AUDIENCE,
    algorithms: ["EdDSA"],
    tenantClaim: "tenant",
    rolesClaim: "roles",
  });
}

export function createDevIdentity(keys: { privateJwk: Keys; publicJwk: Keys }, rules: AccessRules = {}): DevIdentity {
  const sign = createTokenSigner(keys.privateJwk);
  const links: Links = new Map();

  return {
    ...createOwnIdentity(keys.publicJwk, rules),
    issueAccessToken: ({ tenant, subject, roles }, ttlSeconds, tokenId = crypto.randomUUID()) =>
      sign(
        new SignJWT({ tenant, roles })
          .setIssuer(ISSUER)
          .setAudience(ACCESS_AUDIENCE)
          .setSubject(subject)
          .setJti(tokenId)
          .setIssuedAt()
          .setExpirationTime(Math.floor(Date.now() / 1_000) + ttlSeconds),
      ),
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
      if (link.asker.proof?.isRevoked() === true)
        throw new SomaError("UNAUTHENTICATED", "the token that asked for this sign-in link is revoked");
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
