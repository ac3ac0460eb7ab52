import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";

const collector = createServer();
afterEach(() => void collector.close());

const url = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
const PARENT = { traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01` };

/** In a process of its own, since what is started is global: does some traced work under a parent, and tells its ids. */
async function work(otlpEndpoint: string): Promise<{ traceId: string; headers: Record<string, string> }> {
  const program = `
    import { startTelemetry } from ${url("start-telemetry.ts")};
    import { activeTraceId, contextFromHeaders, traceHeaders, withSpan } from ${url("telemetry.ts")};
    const { close } = await startTelemetry({ service: "weaver", otlpEndpoint: ${JSON.stringify(otlpEndpoint)} });
    const later = () => new Promise((resolve) => setTimeout(resolve, 1));
    const tell = async () => { await later(); return { traceId: activeTraceId(), headers: traceHeaders() }; };
    const told = await withSpan("weave", {}, tell, { parent: contextFromHeaders(${JSON.stringify(PARENT)}) });
    await close();
    process.stdout.write(JSON.stringify(told));`;
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint };
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [told, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect(code).toBe(0);
  return JSON.parse(told) as Awaited<ReturnType<typeof work>>;
}

const CARRIED = {
  traceId: "ab".repeat(16),
  headers: { traceparent: expect.stringMatching(/^00-(ab){16}-(?!cdcd)[0-9a-f]{16}-01$/) },
};

it("carries ids of traces through asynchronous work where nothing is exported", async () => {
  expect(await work("")).toEqual(CARRIED);
});

it("sends spans to where OTEL_EXPORTER_OTLP_ENDPOINT says, with the name of the service, before it is closed", async () => {
  const received: { path: string; body: string }[] = [];
  collector.on("request", async (request, response) => {
    received.push({ path: request.url ?? "", body: (await buffer(request)).toString("latin1") });
    response.end();
  });
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  const { port } = collector.address() as AddressInfo;
  expect(await work(`http://127.0.0.1:${port}`)).toEqual(CARRIED);
  expect(received.map(({ path }) => path)).toEqual(["/v1/traces"]);
  for (const word of ["weave", "weaver"]) expect(received[0]?.body).toContain(word);
});
