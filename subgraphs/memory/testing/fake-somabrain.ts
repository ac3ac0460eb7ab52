import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readText } from "@soma/shared/read-text";
import { answerAs, type Build, type FakeSomaBrain, healthOf } from "./fake-builds.ts";

const MAX_BYTES = 32 * 1024 * 1024;

export async function startFakeSomaBrain(build: Build): Promise<FakeSomaBrain> {
  let writing = 0;
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeSomaBrain = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    build,
    faults: {
      ...{ storeDown: false, breakerOpen: false, hangs: false, status: undefined, retryAfter: undefined },
      ...{ leaks: false, refuses: undefined },
    },
    stored: [],
    inMind: [],
    seen: [],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request, MAX_BYTES, "a question");
    const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
    const path = request.url ?? "";
    const isWrite = path.includes("remember");
    if (isWrite) writing += 1;
    const header = (name: string): string | undefined => request.headers[name]?.toString();
    const memories = Array.isArray(body.items) ? body.items.length : Number(isWrite);
    const [tenant, requestId] = [header("x-tenant-id"), header("x-request-id")];
    fake.seen.push({ path, tenant, requestId, authorization: header("authorization"), memories, writing });
    // A turn of the loop, so that writes that come together are under way together.
    await new Promise((resolve) => setImmediate(resolve));
    if (isWrite) writing -= 1;
    if (fake.faults.hangs) return;
    const { status, answer } = answerOf(path, body);
    const headers = fake.faults.retryAfter === undefined ? {} : { "retry-after": fake.faults.retryAfter };
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(answer));
  }

  function answerOf(path: string, body: Record<string, unknown>): { status: number; answer: unknown } {
    const health = healthOf(fake, path);
    if (health !== undefined) return { status: 200, answer: health };
    if (fake.faults.status !== undefined) return { status: fake.faults.status, answer: { error: "a fault" } };
    return answerAs(fake, path, body) ?? { status: 404, answer: { detail: "Not Found" } };
  }

  return fake;
}
