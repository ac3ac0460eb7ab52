import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createKeys } from "@soma/shared/testing/principals";
import { until } from "@soma/shared/testing/until";
import { freePort } from "../../../infra/local/free-port.ts";
import { ISSUED_BY } from "./transit-issuer.ts";

const PROGRAM = fileURLToPath(new URL("../../../gateway/main.node.ts", import.meta.url));

/** How old its keys grow before they are fetched again, and for how long they are used when they cannot be. */
export interface Ages {
  refreshS: number;
  staleS: number;
}

export interface DrillGateway extends Ages {
  name: string;
  /** The status that a caller with the token meets. */
  ask(token: string): Promise<number>;
  close(): Promise<void>;
}

/** A gateway in a process of its own that knows its callers by the issuer alone. No subgraph is behind it. */
export async function startGateway(
  { refreshS, staleS }: Ages,
  { jwksUrl, revokedFile }: { jwksUrl: string; revokedFile: string },
): Promise<DrillGateway> {
  const port = await freePort(0);
  const subgraphs = ["RUNS", "MEMORY", "POLICY", "TOOLS"].map((name) => [
    `SOMA_SUBGRAPH_${name}_URL`,
    "http://127.0.0.1:9/graphql",
  ]);
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...{ PATH: process.env.PATH, SOMA_LOG_LEVEL: "silent", SOMA_GATEWAY_PORT: String(port) },
      ...{
        SOMA_INTERNAL_SIGNING_KEY: JSON.stringify((await createKeys()).privateKey),
        ...Object.fromEntries(subgraphs),
      },
      ...{ SOMA_OIDC_JWKS_URL: jwksUrl, SOMA_OIDC_ISSUER: ISSUED_BY, SOMA_OIDC_AUDIENCE: "soma" },
      ...{ SOMA_JWKS_REFRESH_S: String(refreshS), SOMA_JWKS_STALE_S: String(staleS), SOMA_REVOKED_FILE: revokedFile },
    },
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await until("a gateway listens", async () => (await fetch(`${url}/healthz`)).ok, 60_000);
  return {
    ...{ name: `keys fetched each ${refreshS} s, stale after ${staleS} s`, refreshS, staleS },
    async ask(token) {
      const response = await fetch(`${url}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
      await response.arrayBuffer();
      return response.status;
    },
    async close() {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
