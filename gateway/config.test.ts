import { describe, expect, it } from "vitest";
import { readGatewayConfig } from "./config.ts";

const KEY = '{"kty":"OKP"}';
const ENV = { SOMA_INTERNAL_SIGNING_KEY: KEY, SOMA_USER_VERIFY_KEY: KEY };

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
    expect(read).toThrow(/SOMA_USER_VERIFY_KEY is not set/);
  });
});
