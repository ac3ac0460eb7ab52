import { integer, json, list, type Setting, text, url } from "@soma/shared/config";
import { parseKey, type TimedKey } from "@soma/shared/identity/key-ring";
import { keySettings } from "@soma/shared/identity/key-settings";
import { ISSUER } from "./ground/dev-identity.ts";

/** Signatures of a pair of keys: one that a secret makes would let whoever checks a token make one. */
const ALGORITHMS = ["EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];

/** Who callers are, and by whose word. */
export const identitySettings = {
  ...keySettings("userVerifyKey"),
  userSigningKey: json<TimedKey | undefined>((value) => parseKey(value, "sign"), {
    env: "SOMA_USER_SIGNING_KEY",
    doc: "private Ed25519 JWK; enables signing in by a link, for one machine only",
    default: undefined,
    secret: true,
  }),
  oidcJwksUrl: url(["https:", "http:"], {
    env: "SOMA_OIDC_JWKS_URL",
    doc: "address of the keys of an issuer elsewhere, whose tokens callers may bring; empty takes none",
    default: "",
  }),
  oidcIssuer: text({ env: "SOMA_OIDC_ISSUER", doc: "that issuer, as `iss` of its tokens has it", default: "" }),
  oidcAudience: text({ env: "SOMA_OIDC_AUDIENCE", doc: "this product, as `aud` of its tokens has it", default: "" }),
  oidcAlgorithms: list(parseAlgorithm, {
    env: "SOMA_OIDC_ALGORITHMS",
    doc: `algorithms by which its tokens may be signed, with commas, of ${ALGORITHMS.join(", ")}; RS256, ES256 and EdDSA when left out`,
    default: ["RS256", "ES256", "EdDSA"],
  }),
  oidcTenantClaim: text({
    env: "SOMA_OIDC_TENANT_CLAIM",
    doc: "claim that names the tenant; a dot leads into a claim, as in org.id",
    default: "tenant",
  }),
  oidcRolesClaim: text({
    env: "SOMA_OIDC_ROLES_CLAIM",
    doc: "claim that names the roles, as a list or with spaces between them; a dot leads into a claim",
    default: "roles",
  }),
  jwksRefreshS: integer({
    env: "SOMA_JWKS_REFRESH_S",
    doc: "seconds after which the keys of the issuer are fetched again; one that it withdrew is used for as long",
    default: 300,
    min: 1,
    max: 3_600,
  }),
  jwksStaleS: integer({
    env: "SOMA_JWKS_STALE_S",
    doc: "seconds for which they are used while they cannot be fetched again; then nobody with a token of the issuer is let in",
    default: 3_600,
    min: 1,
    max: 86_400,
  }),
  revokedFile: text({
    env: "SOMA_REVOKED_FILE",
    doc: 'JSON file {"keys": [], "tokens": []} of ids (kid, jti) whose tokens are refused, which is followed',
    default: "",
  }),
};

type Values = { readonly [K in keyof typeof identitySettings]: Value<(typeof identitySettings)[K]> };
type Value<S> = S extends Setting<infer T> ? T : never;

/** What the settings lack beside one another. */
export function whatIdentityLacks(config: Values): string[] {
  const { oidcJwksUrl, oidcIssuer, oidcAudience, userVerifyKey, userVerifyKeyFile, jwksStaleS, jwksRefreshS } = config;
  const hasOwnKey = userVerifyKey !== undefined || userVerifyKeyFile !== "";
  const needed = oidcJwksUrl === "" ? {} : { SOMA_OIDC_ISSUER: oidcIssuer, SOMA_OIDC_AUDIENCE: oidcAudience };
  return [
    ...Object.entries(needed).flatMap(([name, value]) =>
      value === "" ? [`${name} is not set, and SOMA_OIDC_JWKS_URL is; a token for somebody else would do`] : [],
    ),
    ...(hasOwnKey && oidcIssuer === ISSUER
      ? [`SOMA_OIDC_ISSUER is ${ISSUER}, which is who signs with SOMA_USER_SIGNING_KEY`]
      : []),
    ...(oidcJwksUrl === "" && `${oidcIssuer}${oidcAudience}` !== ""
      ? [
          "SOMA_OIDC_ISSUER or SOMA_OIDC_AUDIENCE is set, and SOMA_OIDC_JWKS_URL is not, so no token of it could be checked",
        ]
      : []),
    ...(config.oidcAlgorithms.length === 0 ? ["SOMA_OIDC_ALGORITHMS names none, and no token could be checked"] : []),
    ...(jwksStaleS < 2 * jwksRefreshS
      ? [`SOMA_JWKS_STALE_S is ${jwksStaleS}; it is twice SOMA_JWKS_REFRESH_S at least, which is ${jwksRefreshS}`]
      : []),
    ...(config.userSigningKey !== undefined && !hasOwnKey
      ? ["SOMA_USER_SIGNING_KEY is set, and SOMA_USER_VERIFY_KEY is not, so nobody could use what it signs"]
      : []),
  ];
}

function parseAlgorithm(name: string): string {
  if (!ALGORITHMS.includes(name)) throw new Error(`has "${name}", which is not one of ${ALGORITHMS.join(", ")}`);
  return name;
}
