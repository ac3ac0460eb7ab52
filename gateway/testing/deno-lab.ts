import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { findDeno } from "@soma/local/find-deno";
import type { LabGateway, LabGatewaySpec, LabSeen } from "./lab-gateway.ts";

const HOST = fileURLToPath(new URL("./gateways-on-deno.ts", import.meta.url));
/** As those of `gateway/deno/permissions.ts`, for any port of this machine. */
const ALLOWED = ["--allow-net=127.0.0.1", "--allow-env", "--allow-sys=hostname"];
let host: Promise<string> | undefined;

/** A gateway in the process of Deno that this process has; it is begun when the first one is asked for, and ends with us. */
export async function openDenoGateway(spec: LabGatewaySpec): Promise<LabGateway> {
  host ??= startHost();
  const url = await host;
  const opened = await ask<{ at: number; url: string }>(url, { method: "POST", body: JSON.stringify(spec) });
  const path = `${url}/${opened.at}`;
  return {
    url: opened.url,
    seen: () => ask<LabSeen>(path),
    metrics: () => ask<string>(`${url}/metrics`),
    close: async () => void (await ask<LabSeen>(path, { method: "DELETE" })),
  };
}

async function startHost(): Promise<string> {
  const { program, args, env } = await findDeno();
  const child = spawn(program, [...args, ...ALLOWED, HOST], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  unref(child);
  const lines = createInterface({ input: child.stdout });
  const [url] = (await Promise.race([once(lines, "line"), failed(child)])) as [string];
  return url;
}

/** Nobody waits for it to end: it ends with its standard input, which is ours. */
function unref(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as { unref(): void }).unref();
}

async function failed(child: ChildProcess): Promise<never> {
  const [code, signal] = await once(child, "exit");
  throw new Error(`Deno ended with ${code ?? signal} before it served`);
}

async function ask<T>(url: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`the gateways on Deno answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}
