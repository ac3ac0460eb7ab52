import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../../infra/local/free-port.ts";
import { type Contender, PAYLOAD, STEPS } from "../contender.ts";
import { need, needFile } from "./need.ts";

interface Restate {
  service(definition: {
    name: string;
    handlers: Record<string, (ctx: { run(name: string, work: () => string): Promise<string> }) => Promise<void>>;
  }): unknown;
  createEndpointHandler(options: { services: unknown[] }): Parameters<typeof createServer>[1];
}

/** Its own server, one node with its defaults and a log on disk, and a handler that it calls over HTTP/2. */
export async function openRestate(): Promise<Contender> {
  // It would print a line for each run.
  process.env.RESTATE_LOGGING = "ERROR";
  const restate = need<Restate>("@restatedev/restate-sdk");
  const ten = restate.service({
    name: "ten",
    handlers: {
      async run(ctx) {
        for (let i = 1; i <= STEPS; i += 1) await ctx.run(`step${i}`, () => PAYLOAD);
      },
    },
  });
  const endpoint = createServer({}, restate.createEndpointHandler({ services: [ten] }));
  endpoint.listen(0, "127.0.0.1");
  await once(endpoint, "listening");
  const server = await startServer();
  await ask(`${server.admin}/deployments`, { uri: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}` });
  return {
    run: () => ask(`${server.ingress}/ten/run`),
    async close() {
      await server.stop();
      endpoint.close();
    },
  };
}

async function startServer() {
  const folder = await mkdtemp(join(tmpdir(), "soma-load-restate-"));
  const [ingress, admin, node] = [await freePort(0), await freePort(0), await freePort(0)];
  const child = spawn(binary(), ["--no-logo", "--listen-mode", "tcp", "--bind-ip", "127.0.0.1"], {
    env: {
      RESTATE_BASE_DIR: folder,
      RESTATE_BIND_PORT: String(node),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_DISABLE_TELEMETRY: "true",
      RESTATE_LOG_FILTER: "error",
    },
    stdio: "ignore",
  });
  const urls = { ingress: `http://127.0.0.1:${ingress}`, admin: `http://127.0.0.1:${admin}` };
  await answers(child, [`${urls.admin}/health`, `${urls.ingress}/restate/health`]);
  return {
    ...urls,
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The package of the server holds the binary of each platform in one of its own. */
function binary(): string {
  const own = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  return needFile(`${own}/bin/restate-server`);
}

const LIMIT_MS = 60_000;

async function answers(child: ChildProcess, urls: readonly string[]): Promise<void> {
  const until = Date.now() + LIMIT_MS;
  for (const url of urls)
    while (
      !(await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      ))
    ) {
      if (child.exitCode !== null) throw new Error(`the server of Restate ended with ${child.exitCode}`);
      if (Date.now() > until) throw new Error(`the server of Restate did not answer at ${url} within ${LIMIT_MS} ms`);
      await sleep(100);
    }
}

async function ask(url: string, body?: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const sent = body === undefined ? {} : { headers, body: JSON.stringify(body) };
  const answer = await fetch(url, { method: "POST", ...sent });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
}
