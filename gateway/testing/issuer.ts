import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createKeys, type TestKeys } from "@soma/shared/testing/principals";
import { type JWTPayload, SignJWT } from "jose";

/** What the address of the keys does when it is asked. */
export type Manner =
  | "tells"
  | "fails"
  | "hangs"
  | "hangs half way"
  | "lies"
  | "has none"
  | "never ends"
  | "points elsewhere";

export interface Issuer {
  url: string;
  manner: Manner;
  /** How often it was asked. */
  asked(): number;
  /** A token by the newest key. */
  sign(claims?: JWTPayload): Promise<string>;
  /** A new key, published and used at once; so many of those before stay published. Gives its id. */
  rotate(kept?: number): Promise<string>;
  close(): Promise<void>;
}

export const ISSUED_BY = "https://login.example.com";

/** Somebody else who says who people are: an address with keys, which a test lets change and misbehave. */
export async function startIssuer(): Promise<Issuer> {
  let count = 0;
  let asked = 0;
  let keys: { kid: string; pair: TestKeys }[] = [];
  const server = createServer((_request, response) => {
    asked += 1;
    answer(
      issuer.manner,
      response,
      JSON.stringify({ keys: keys.map(({ kid, pair }) => ({ ...pair.publicKey, kid })) }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer: Issuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    manner: "tells",
    asked: () => asked,
    async sign(claims = {}) {
      const newest = keys.at(-1);
      if (newest === undefined) throw new Error("the issuer has no key yet");
      const exp = Math.floor(Date.now() / 1_000) + 60;
      return new SignJWT({
        iss: ISSUED_BY,
        aud: "soma",
        sub: "ada",
        tenant: "acme",
        roles: ["assistant"],
        exp,
        ...claims,
      })
        .setProtectedHeader({ alg: "EdDSA", kid: newest.kid })
        .sign(newest.pair.privateKey);
    },
    async rotate(kept = 1) {
      const kid = `key ${++count}`;
      const pair = await createKeys();
      keys = [...(kept === 0 ? [] : keys.slice(-kept)), { kid, pair }];
      return kid;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  await issuer.rotate();
  return issuer;
}

function answer(manner: Manner, response: ServerResponse, keys: string): void {
  const json = { "content-type": "application/json" };
  switch (manner) {
    case "tells":
      response.writeHead(200, json).end(keys);
      return;
    case "fails":
      response.writeHead(500).end(keys);
      return;
    case "hangs":
      return;
    case "hangs half way":
      response.writeHead(200, json).write(keys.slice(0, 20));
      return;
    case "lies":
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>Sign in to the network</h1>");
      return;
    case "has none":
      response.writeHead(200, json).end('{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"key 1"}]}');
      return;
    case "never ends":
      response.writeHead(200, json).write(`{"keys":[${" ".repeat(1_000_000)}`);
      return;
    case "points elsewhere":
      response.writeHead(302, { location: "/keys?elsewhere" }).end();
  }
}
