import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { aPrincipal } from "../testing/principals.ts";
import { createServiceClient } from "./service-client.ts";

describe("createServiceClient()", () => {
  let server: Server | undefined;
  afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))));

  async function ask(status: number, body: string, timeoutMs?: number): Promise<unknown> {
    const listening = createServer((_request, response) => {
      if (status !== 0) response.writeHead(status, { connection: "close" }).end(body);
    });
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/graphql`;
    const client = createServiceClient({ peer: "memory", url, sign: async () => "token" });
    const call = timeoutMs === undefined ? {} : { timeoutMs };
    const answer = client.request("{ health }", {}, { principal: aPrincipal(), ...call });
    return answer.finally(() => listening.closeAllConnections());
  }

  it.each([
    ["a page of a proxy", 502, "<html>", "UNAVAILABLE", "memory answered with status 502 and no JSON"],
    ["no data", 200, "{}", "UNAVAILABLE", "memory answered without data"],
    [
      "an error with a code",
      200,
      '{"errors":[{"message":"full","extensions":{"code":"LIMIT_EXCEEDED"}}]}',
      "LIMIT_EXCEEDED",
      "memory: full",
    ],
    ["an error without one", 200, '{"errors":[{"message":"odd"}]}', "INTERNAL", "memory: odd"],
  ])("says what is wrong with %s", async (_name, status, body, code, message) => {
    await expect(ask(status, body)).rejects.toMatchObject({ code, message });
  });

  it("gives up a peer that does not answer in time", async () => {
    await expect(ask(0, "", 200)).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  it("does not read an answer without end", async () => {
    const tooLong = `{"data":{"health":"${"x".repeat(33 * 1024 * 1024)}"}}`;
    await expect(ask(200, tooLong)).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  });
});
