import { spawn } from "node:child_process";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readGatewayConfig } from "@soma/gateway/config";
import { permissionsOf } from "@soma/gateway/deno-permissions";
import { readSubgraphNames } from "@soma/gateway/subgraph-names";
import { readProcessSettings } from "@soma/shared/run-main";
import { findDeno } from "./find-deno.ts";

/** `npm run start:deno`: the gateway by itself, on Deno, which lets it do what its settings ask for and nothing else. */
const MAIN = placeOf("../../gateway/main.deno.ts");
const FOLDERS = { graphql: placeOf("../../graphql"), webui: placeOf("../../webui/dist") };

async function main(): Promise<number> {
  const env = { ...process.env };
  const supergraphSdl = await readFile(`${FOLDERS.graphql}/supergraph.graphql`, "utf8");
  const config = readGatewayConfig(env, readSubgraphNames(supergraphSdl));
  const settings = readProcessSettings(env);
  // Who may look a name up may ask every port of it: Deno is told addresses.
  const [host, metricsHost] = await Promise.all([addressOf(config.host), addressOf(settings.metricsHost)]);
  const allowed = permissionsOf({
    config: { ...config, host },
    settings: { ...settings, metricsHost },
    folders: FOLDERS,
  });
  const deno = await findDeno();
  process.stderr.write(`The gateway runs on Deno with ${allowed.join(" ")}\n`);
  return follow(deno.program, [...deno.args, ...allowed, MAIN], {
    ...env,
    ...deno.env,
    SOMA_BIND_HOST: host,
    SOMA_METRICS_HOST: metricsHost,
  });
}

async function addressOf(host: string): Promise<string> {
  return (await lookup(host)).address;
}

/** Runs it to its end, and hands on what we are asked meanwhile; its exit code. */
async function follow(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(program, args, { stdio: "inherit", env });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

function placeOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
