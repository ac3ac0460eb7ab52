import { SomaError } from "@soma/shared/errors";
import { followFile } from "@soma/shared/follow-file";
import type { Check } from "@soma/shared/http/readiness";
import { type Following, openKeys } from "@soma/shared/identity/open-keys";
import { startLoop } from "@soma/shared/loop";
import { beforeReading, counter, gauge } from "@soma/shared/metrics";
import type { readGatewayConfig } from "../config.ts";
import type { AccessRules } from "../ground/access-token.ts";
import { createDevIdentity, createOwnIdentity, type DevIdentity, ISSUER } from "../ground/dev-identity.ts";
import { createIdentity, createIdentityByIssuer, type Identity } from "../ground/identity.ts";
import { createJwksCache, type JwksCache } from "../ground/jwks-cache.ts";
import { createPublishedKeys } from "../ground/published-keys.ts";
import { parseRevoked } from "../ground/revoked.ts";
import { createFetchJwks, MAX_JWKS_BYTES } from "../upstream/fetch-jwks.ts";
import { createUndiciSend } from "./undici-send.ts";

const refused = counter("soma_tokens_refused_total", "Tokens of callers that were refused, by why", ["why"]);
const fetches = counter("soma_jwks_fetches_total", "Times the keys of the issuer were asked for, by result", [
  "result",
]);
const age = gauge("soma_jwks_age_seconds", "Age of the keys of the issuer that are used", []);

type Config = ReturnType<typeof readGatewayConfig>;

interface OpenIdentity {
  identity: Identity;
  /** Where the key that makes links is there. */
  devIdentity?: DevIdentity;
  publishedKeys?: () => string;
  /** What must be there for anybody to be known. */
  checks: Readonly<Record<string, Check>>;
}

/** Who callers are, as the settings say: by keys of this installation, by those of an issuer elsewhere, or by both. */
export async function openIdentity(config: Config, following: Following): Promise<OpenIdentity> {
  const rules = { ...(await openRevoked(config, following)), onTokenRefused: (why: string) => refused.inc({ why }) };
  const own = await openOwn(config, rules, following);
  if (config.oidcJwksUrl === "") {
    if (own === undefined) throw new SomaError("INTERNAL", "no key and no issuer says who callers are");
    return { ...own, checks: {} };
  }
  const cache = await openCache(config, following);
  const elsewhere = createIdentity({
    ...rules,
    findKeys: cache.find,
    issuer: config.oidcIssuer,
    audience: config.oidcAudience,
    algorithms: config.oidcAlgorithms,
    tenantClaim: config.oidcTenantClaim,
    rolesClaim: config.oidcRolesClaim,
  });
  const byIssuer = { [config.oidcIssuer]: elsewhere, ...(own === undefined ? {} : { [ISSUER]: own.identity }) };
  return { ...own, identity: createIdentityByIssuer(byIssuer, rules), checks: { identity: cache.check } };
}

async function openRevoked({ revokedFile: file }: Config, { log, lifecycle }: Following): Promise<AccessRules> {
  if (file === "") return {};
  const followed = await followFile({ setting: "SOMA_REVOKED_FILE", file, parse: parseRevoked, log });
  lifecycle.add("revoked tokens", followed.close);
  return { revocations: followed };
}

/** By the keys of this installation; undefined where there are none. */
async function openOwn(
  config: Config,
  rules: AccessRules,
  following: Following,
): Promise<Omit<OpenIdentity, "checks"> | undefined> {
  const { userVerifyKey, userVerifyKeyFile, userSigningKey } = config;
  if (userVerifyKey === undefined && userVerifyKeyFile === "") return undefined;
  const publicJwk = await openKeys(config, "userVerifyKey", following);
  const publishedKeys = createPublishedKeys(publicJwk);
  if (userSigningKey === undefined) return { identity: createOwnIdentity(publicJwk, rules), publishedKeys };
  const devIdentity = createDevIdentity({ privateJwk: userSigningKey, publicJwk }, rules);
  return { identity: devIdentity, devIdentity, publishedKeys };
}

/** Keys of the issuer, fetched again and again. When it is away at the start, the gateway starts, and is not ready. */
async function openCache(config: Config, { log, lifecycle }: Following): Promise<JwksCache> {
  const { send, close } = createUndiciSend(MAX_JWKS_BYTES);
  lifecycle.add("way to the issuer", close);
  const cache = createJwksCache({
    fetchKeys: createFetchJwks({ url: config.oidcJwksUrl, send }),
    now: Date.now,
    staleMs: config.jwksStaleS * 1_000,
    onFetched: (result) => fetches.inc({ result }),
  });
  // A loop waits for a quarter more or less than it is told, and what is set is the most.
  const intervalMs = config.jwksRefreshS * 800;
  const loop = startLoop({ name: "keys of the issuer", intervalMs, log }, async () => {
    await cache.refresh();
    return false;
  });
  lifecycle.add("keys of the issuer", loop.close);
  // The one that the loop has begun.
  await cache.refresh().catch(() => {});
  const stopTelling = beforeReading(() => age.set((cache.ageMs() ?? Number.POSITIVE_INFINITY) / 1_000));
  lifecycle.add("age of the keys", stopTelling);
  /** After a suspension keys are too old at once, and the loop would still wait: its clock stood still meanwhile. */
  const check = (): Promise<void> =>
    cache.check().catch((error: unknown) => {
      loop.wake();
      throw error;
    });
  return { ...cache, check };
}
