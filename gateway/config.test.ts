import { describe, expect, it } from "vitest";
import { readGatewayConfig } from "./config.ts";

const KEY = '{"kty":"OKP","d":""}';
const ENV = { SOMA_INTERNAL_SIGNING_KEY: KEY, SOMA_USER_VERIFY_KEY: '{"kty":"OKP"}' };

describe("readGatewayConfig()", () => {
  it("reads a URL for every subgraph it is given, whatever that is called", () => {
    const config = readGatewayConfig(
      { ...ENV, SOMA_SUBGRAPH_AUDIT_LOG_URL: "http://a.test/graphql", SOMA_SUBGRAPH_PORT_URL: "http://b.test/graphql" },
      ["audit-log", "port"],
    );
    expect(config.urls).toEqual({ "audit-log": "http://a.test/graphql", port: "http://b.test/graphql" });
    expect(config.port).toBe(4_700);
  });

  it("reports a missing URL, a wrong one and a missing key together", () => {
    const read = () =>
      readGatewayConfig({ SOMA_INTERNAL_SIGNING_KEY: KEY, SOMA_SUBGRAPH_RUNS_URL: "ftp://a" }, ["runs", "audit-log"]);
    expect(read).toThrow(/SOMA_SUBGRAPH_RUNS_URL: "ftp:\/\/a" is not a URL that starts with/);
    expect(read).toThrow(/SOMA_SUBGRAPH_AUDIT_LOG_URL is not set/);
    expect(read).toThrow(/SOMA_USER_VERIFY_KEY or SOMA_USER_VERIFY_KEY_FILE or SOMA_OIDC_JWKS_URL is not set/);
  });

  it("refuses to be one of several that count alone", () => {
    const env = { ...ENV, SOMA_SUBGRAPH_RUNS_URL: "http://a.test/graphql", REPLICA_COUNT: "2" };
    expect(() => readGatewayConfig(env, ["runs"])).toThrow(
      "REPLICA_COUNT is 2, and SOMA_GATEWAY_REDIS_URL is not set, so each gateway would count alone",
    );
    expect(readGatewayConfig({ ...env, SOMA_GATEWAY_REDIS_URL: "redis://r" }, ["runs"]).replicas).toBe(2);
  });

  it("reads lists of origins and hosts, and refuses what cannot be one", () => {
    const read = (env: Record<string, string>) =>
      readGatewayConfig({ ...ENV, SOMA_SUBGRAPH_RUNS_URL: "http://a.test/graphql", ...env }, ["runs"]);
    expect(read({})).toMatchObject({ introspection: "on", documents: "any", corsOrigins: [], allowedHosts: [] });
    expect(read({ SOMA_GATEWAY_DOCUMENTS: "registered" }).documents).toBe("registered");
    const config = read({
      SOMA_GATEWAY_INTROSPECTION: "off",
      SOMA_CORS_ORIGINS: "https://app.example.com, http://localhost:5173",
      SOMA_ALLOWED_HOSTS: "Soma.example.com",
    });
    expect(config).toMatchObject({
      introspection: "off",
      corsOrigins: ["https://app.example.com", "http://localhost:5173"],
      allowedHosts: ["soma.example.com"],
    });
    for (const origin of ["*", "null", "app.example.com", "file:///a", "https://app.example.com/"])
      expect(() => read({ SOMA_CORS_ORIGINS: origin })).toThrow(
        `SOMA_CORS_ORIGINS: "${origin}" has "${origin}", which`,
      );
    for (const host of ["*", "https://a", "a.test:80"])
      expect(() => read({ SOMA_ALLOWED_HOSTS: host })).toThrow("not a name of a host without a port");
    expect(read({}).redisUrl).toBe("");
    for (const redisUrl of ["redis://localhost", "rediss://ada:hush@redis.test:6380/3", "REDISS://[::1]:6379/"])
      expect(read({ SOMA_GATEWAY_REDIS_URL: redisUrl }).redisUrl).toBe(redisUrl);
    for (const [redisUrl, why] of [
      ["http://:hush@a.test", "its value is not a URL that starts with redis: or rediss:"],
      ["redis://:hush@a.test/zero", "its value is not a URL of a host and, after a slash, the number of a database"],
      ["redis://:hush@a.test/1?db=2", "its value is not a URL of a host"],
      ["redis:///1", "its value is not a URL of a host"],
    ] as const)
      expect(() => read({ SOMA_GATEWAY_REDIS_URL: redisUrl })).toThrow(`SOMA_GATEWAY_REDIS_URL: ${why}`);
    expect(() => read({ SOMA_GATEWAY_INTROSPECTION: "yes" })).toThrow("is not one of on, off");
  });
});
