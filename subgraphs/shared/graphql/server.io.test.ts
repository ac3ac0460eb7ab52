import { get } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { createSilentLog } from "../log.ts";
import { aPrincipal } from "../testing/principals.ts";
import { type Subgraph, startSubgraph } from "./server.ts";

describe("startSubgraph()", () => {
  let subgraph: Subgraph;
  afterEach(() => subgraph.close());

  async function start(host: string): Promise<void> {
    subgraph = await startSubgraph({
      name: "lab",
      typeDefs: "type Query { one: Int }",
      resolvers: {},
      verify: async () => aPrincipal(),
      log: createSilentLog(),
      host,
      port: 0,
      checks: {},
    });
  }
  function statusFor(path: string, host: string): Promise<number | undefined> {
    const { port } = new URL(subgraph.url);
    return new Promise((resolve, reject) => {
      get({ host: "127.0.0.1", port, path, headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on("error", reject);
    });
  }

  it("refuses a page whose name was made to point at this machine, where only this machine may ask", async () => {
    await start("127.0.0.1");
    for (const path of ["/graphql", "/healthz", "/readyz"]) expect(await statusFor(path, "evil.example")).toBe(421);
    for (const host of ["localhost:4711", "127.0.0.1", "[::1]:4711"])
      expect(await statusFor("/healthz", host)).toBe(200);
  });

  it("goes by any name where others may ask, such as that of a service", async () => {
    await start("0.0.0.0");
    for (const host of ["runs.soma.svc", "10.1.2.3:4711"]) expect(await statusFor("/healthz", host)).toBe(200);
  });
});
