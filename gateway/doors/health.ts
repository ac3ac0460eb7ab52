import type { Operations } from "../operations/operations.ts";

/** Text and content type of /metrics. */
export type ReadMetrics = () => Promise<{ body: string; contentType: string }>;

/** /readyz: 200 while operations are taken and every subgraph is ready, else 503 with what is missing and why. */
export async function serveReadiness(
  operations: Operations,
  findUnready: () => Promise<readonly string[]>,
): Promise<Response> {
  if (operations.draining()) return new Response("stopping\n", { status: 503 });
  const missing = await findUnready();
  return missing.length === 0
    ? new Response("ready\n")
    : new Response(`not ready: ${missing.join(", ")}\n`, { status: 503 });
}

export async function serveMetrics(read: ReadMetrics): Promise<Response> {
  const { body, contentType } = await read();
  return new Response(body, { headers: { "content-type": contentType } });
}
