import "../deno/no-deprecations.ts";
import { stdin } from "node:process";
import { listen } from "@soma/shared/http/listen";
import { readMetrics } from "@soma/shared/metrics";
import { type LabGateway, type LabGatewaySpec, openLabGateway } from "./lab-gateway.ts";

/**
 * Gateways for a test in another process, which asks for them by HTTP: `POST /` with a spec opens one and gives its number and
 * address, `GET /N` tells what it has seen, `DELETE /N` closes it, `GET /metrics` is of all. It ends with its standard input.
 */
const gateways: LabGateway[] = [];

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST") {
    const gateway = await openLabGateway((await request.json()) as LabGatewaySpec);
    return Response.json({ at: gateways.push(gateway) - 1, url: gateway.url });
  }
  if (pathname === "/metrics") return Response.json((await readMetrics()).body);
  const gateway = gateways[Number(pathname.slice(1))];
  if (gateway === undefined) return new Response(null, { status: 404 });
  if (request.method === "DELETE") await gateway.close();
  return Response.json(await gateway.seen());
}

const { url } = await listen(answer, { host: "127.0.0.1", port: 0, portSetting: "none" });
process.stdout.write(`${url}\n`);
stdin.resume().on("end", () => process.exit(0));
