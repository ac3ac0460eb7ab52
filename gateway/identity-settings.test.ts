import { findRefused } from "@soma/shared/refusals";
import { describe, expect, it } from "vitest";
import { readGatewayConfig } from "./config.ts";

const KEY = '{"kty":"OKP"}';
const PRIVATE = '{"kty":"OKP","d":""}';
const OIDC = {
  SOMA_OIDC_JWKS_URL: "https://login.example.com/keys",
  SOMA_OIDC_ISSUER: "https://login.example.com",
  SOMA_OIDC_AUDIENCE: "soma",
};
const read = (env: Record<string, string>) => readGatewayConfig({ SOMA_INTERNAL_SIGNING_KEY: PRIVATE, ...env }, []);

describe("identitySettings", () => {
  it("need a key, a file of keys or an issuer, and say so together", () => {
    expect(() => read({})).toThrow(
      "SOMA_USER_VERIFY_KEY or SOMA_USER_VERIFY_KEY_FILE or SOMA_OIDC_JWKS_URL is not set",
    );
    expect(read({ SOMA_USER_VERIFY_KEY: KEY }).userVerifyKey).toEqual([{ kty: "OKP" }]);
    expect(read({ SOMA_USER_VERIFY_KEY_FILE: "/keys.json" }).userVerifyKeyFile).toBe("/keys.json");
    expect(read(OIDC)).toMatchObject({
      oidcAlgorithms: ["RS256", "ES256", "EdDSA"],
      oidcTenantClaim: "tenant",
      oidcRolesClaim: "roles",
      jwksRefreshS: 300,
      jwksStaleS: 3_600,
    });
  });

  it("refuse keys without an issuer and an audience: anybody's token would do", () => {
    const { SOMA_OIDC_JWKS_URL } = OIDC;
    expect(() => read({ SOMA_OIDC_JWKS_URL })).toThrow(
      /SOMA_OIDC_ISSUER is not set, and SOMA_OIDC_JWKS_URL is; .*\n.*SOMA_OIDC_AUDIENCE is not set/,
    );
    for (const name of ["SOMA_OIDC_ISSUER", "SOMA_OIDC_AUDIENCE"])
      expect(() => read({ SOMA_USER_VERIFY_KEY: KEY, [name]: "x" })).toThrow("so no token of it could be checked");
  });

  it("refuse an algorithm that a secret makes, and none at all", () => {
    for (const name of ["HS256", "none", "rs256"])
      expect(() => read({ ...OIDC, SOMA_OIDC_ALGORITHMS: `RS256,${name}` })).toThrow(
        `has "${name}", which is not one of`,
      );
    expect(() => read({ ...OIDC, SOMA_OIDC_ALGORITHMS: " , " })).toThrow("SOMA_OIDC_ALGORITHMS names none");
    expect(read({ ...OIDC, SOMA_OIDC_ALGORITHMS: "RS256" }).oidcAlgorithms).toEqual(["RS256"]);
  });

  it("refuse an issuer that is our own, a key that signs for nobody, and keys that age faster than they come", () => {
    const both = { ...OIDC, SOMA_USER_VERIFY_KEY: KEY };
    expect(() => read({ ...both, SOMA_OIDC_ISSUER: "soma-dev" })).toThrow("SOMA_OIDC_ISSUER is soma-dev");
    expect(() => read({ ...OIDC, SOMA_USER_SIGNING_KEY: PRIVATE })).toThrow("nobody could use what it signs");
    expect(() => read({ ...OIDC, SOMA_JWKS_STALE_S: "599" })).toThrow("it is twice SOMA_JWKS_REFRESH_S at least");
    expect(read({ ...both, SOMA_USER_SIGNING_KEY: PRIVATE }).userSigningKey).toEqual({ kty: "OKP", d: "" });
  });

  it("are refused in production with keys that come without TLS", () => {
    const fault =
      "SOMA_OIDC_JWKS_URL is http://login.example.com/keys, which mode prod refuses: whoever stands between";
    const open = { SOMA_OIDC_JWKS_URL: "http://login.example.com/keys" };
    const about = (env: Record<string, string>, mode: "prod" | "dev_prod") =>
      findRefused(env, { mode, part: "gateway" }).filter((each) => each.startsWith("SOMA_OIDC"));
    expect(about(open, "prod")).toEqual([expect.stringContaining(fault)]);
    expect([about(OIDC, "prod"), about({}, "prod"), about(open, "dev_prod")]).toEqual([[], [], []]);
  });
});
