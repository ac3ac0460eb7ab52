const LIMIT_MS = 2_000;

/** Answers /readyz: 200 when every subgraph is ready, else 503 with the names of those that are not and why. */
export function createReadiness(urls: Readonly<Record<string, string>>, send: typeof fetch): () => Promise<Response> {
  async function faultOf(name: string, url: string): Promise<string | undefined> {
    try {
      const response = await send(new URL("/readyz", url), { signal: AbortSignal.timeout(LIMIT_MS) });
      await response.body?.cancel();
      return response.ok ? undefined : `${name} (answers ${response.status})`;
    } catch {
      return `${name} (cannot be reached)`;
    }
  }

  return async () => {
    const faults = await Promise.all(Object.entries(urls).map(([name, url]) => faultOf(name, url)));
    const missing = faults.filter((fault) => fault !== undefined);
    return missing.length === 0 ? new Response("ready\n") : new Response(`not ready: ${missing.join(", ")}\n`, { status: 503 });
  };
}
