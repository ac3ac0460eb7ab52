import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createSomaClient } from "@soma/graphql/client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { hintsFor } from "./hints.ts";
import { signIn } from "./sign-in.ts";

const hints = hintsFor({}, "/");

describe("signIn()", () => {
  let server: Server;
  const asked: unknown[] = [];
  afterEach(() => {
    vi.restoreAllMocks();
    asked.length = 0;
    server.close();
  });

  /** Runs the command against a product that answers so; what it printed. */
  async function run(status: number, body: string, json = false): Promise<string> {
    server = createServer((request, response) => {
      asked.push([request.method, request.url, request.headers.authorization]);
      response.writeHead(status).end(body);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    await signIn({ url, token: "tok", client: createSomaClient({ url }), hints }, json);
    return written.mock.calls.map(([text]) => text).join("");
  }

  it("prints the link the product gives to the owner of the token", async () => {
    expect(await run(200, '{"link":"http://127.0.0.1:4700/#t=x"}')).toBe("http://127.0.0.1:4700/#t=x\n");
    expect(asked).toEqual([["POST", "/auth/link", "Bearer tok"]]);
  });

  it("prints it as JSON", async () => {
    expect(JSON.parse(await run(200, '{"link":"l"}', true))).toEqual({ link: "l" });
  });

  it.each([
    [404, "{}", "NOT_FOUND", /does not make any\. An older version prints one when it starts/],
    [
      401,
      '{"errors":[{"message":"the token has expired"}]}',
      "UNAUTHENTICATED",
      /the token has expired\. Point --data/,
    ],
    [403, "no", "FORBIDDEN", /it answered 403\. Point --data/],
    [500, "no", "INTERNAL", /it answered 500$/],
    [200, "[]", "INTERNAL", /it answered 200$/],
  ])("says why there is no link when the product answers %i %s", async (status, body, code, message) => {
    await expect(run(status, body)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("says that the product cannot be reached", async () => {
    const url = "http://127.0.0.1:9";
    await expect(signIn({ url, token: "t", client: createSomaClient({ url }), hints }, false)).rejects.toMatchObject({
      code: "UNREACHABLE",
      exitCode: 3,
    });
  });
});
