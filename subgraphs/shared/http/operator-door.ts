import { readMetrics } from "../metrics.ts";
import { type Listening, listen } from "./listen.ts";
import type { FindFaults } from "./readiness.ts";
import { isServedAs } from "./served-name.ts";

export interface OperatorDoorOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
}

/**
 * What operators ask a process, on a port of its own that is closed to others: `/metrics`, and `/readyz` in full, by part.
 * The ports that callers use tell a stranger neither.
 */
export function openOperatorDoor(
  parts: Readonly<Record<string, FindFaults>>,
  { host, port }: OperatorDoorOptions,
): Promise<Listening> {
  const serve = async (request: Request): Promise<Response> => {
    const { pathname, hostname } = new URL(request.url);
    if (!isServedAs(host, hostname)) return Response.json({ message: "not here" }, { status: 421 });
    if (pathname === "/healthz") return new Response("ok\n");
    if (pathname === "/readyz") return answerInFull(parts);
    if (pathname === "/metrics") {
      const { body, contentType } = await readMetrics();
      return new Response(body, { headers: { "content-type": contentType } });
    }
    return Response.json({ message: "served here: /healthz, /metrics, /readyz" }, { status: 404 });
  };
  return listen(serve, { host, port, portSetting: "SOMA_METRICS_PORT" });
}

/** Every part with what it lacks and why, also those that lack nothing. */
async function answerInFull(parts: Readonly<Record<string, FindFaults>>): Promise<Response> {
  const found = await Promise.all(
    Object.entries(parts).map(async ([name, findFaults]) => {
      const faults = Object.entries(await findFaults()).map(([what, { detail }]) => [what, detail] as const);
      return [name, Object.fromEntries(faults)] as const;
    }),
  );
  const ready = found.every(([, faults]) => Object.keys(faults).length === 0);
  return Response.json({ ready, parts: Object.fromEntries(found) }, { status: ready ? 200 : 503 });
}
