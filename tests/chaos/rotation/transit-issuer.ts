import { createPublicKey } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { OpenBao } from "./open-bao.ts";

const KEY = "soma-jwt";
/** Versions that are published: each signs for a while, and what it signed is good for a while longer. */
const KEPT = 6;
export const ISSUED_BY = "https://issuer.soma.test";

interface Key {
  latest_version: number;
  min_decryption_version: number;
  keys: Record<string, { public_key: string }>;
}

export interface TransitIssuer {
  /** Address of its keys: as OpenBao tells them at that moment, or 503. */
  url: string;
  /** A token by the newest version. */
  sign(lifetimeS: number): Promise<{ token: string; kid: string }>;
  /** The next version signs from now on; the oldest are published no more. */
  rotate(): Promise<void>;
  /** Publishes no version before the newest. */
  withdraw(): Promise<void>;
  close(): Promise<void>;
}

/** An issuer whose private keys never leave OpenBao. */
export async function createTransitIssuer(bao: OpenBao): Promise<TransitIssuer> {
  await bao.ask("POST", "sys/mounts/transit", { type: "transit" });
  await bao.ask("POST", `transit/keys/${KEY}`, { type: "ecdsa-p256" });
  const read = async (): Promise<Key> => (await bao.ask("GET", `transit/keys/${KEY}`)) as unknown as Key;
  let version = (await read()).latest_version;

  async function publish(): Promise<string> {
    const { keys } = await read();
    const set = Object.entries(keys).map(([of, { public_key: pem }]) => ({
      ...createPublicKey(pem).export({ format: "jwk" }),
      ...{ kid: kidOf(Number(of)), alg: "ES256", use: "sig" },
    }));
    return JSON.stringify({ keys: set });
  }

  const keepFrom = (first: number) =>
    bao.ask("POST", `transit/keys/${KEY}/config`, { min_decryption_version: Math.max(1, first) });
  const server = createServer((_request, response) => {
    publish().then(
      (set) => response.writeHead(200, { "content-type": "application/jwk-set+json" }).end(set),
      () => response.writeHead(503).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    async sign(lifetimeS) {
      const by = version;
      const kid = kidOf(by);
      const exp = Math.floor(Date.now() / 1_000) + lifetimeS;
      const claims = { iss: ISSUED_BY, aud: "soma", sub: "ada", tenant: "acme", roles: ["assistant"], exp };
      const text = [{ alg: "ES256", kid }, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
        .join(".");
      const { signature } = await bao.ask("POST", `transit/sign/${KEY}`, {
        ...{ input: Buffer.from(text).toString("base64"), marshaling_algorithm: "jws", key_version: by },
      });
      return { token: `${text}.${String(signature).split(":")[2]}`, kid };
    },
    async rotate() {
      await bao.ask("POST", `transit/keys/${KEY}/rotate`);
      version = (await read()).latest_version;
      await keepFrom(version - KEPT + 1);
    },
    withdraw: async () => void (await keepFrom(version)),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const kidOf = (version: number): string => `${KEY}-v${version}`;
