import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSomaClient } from "@soma/graphql/client";
import { vi } from "vitest";
import type { Product } from "../find-product.ts";
import { hintsFor } from "../hints.ts";

/** What a client asks in one request. */
export interface Asked {
  query?: string;
  variables: Record<string, unknown>;
}

/** A product on this machine whose every answer a test decides: what it gives is the JSON of the response. */
export async function startStubProduct(
  answer: (asked: Asked) => unknown,
): Promise<{ product: Product; close(): void }> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    response.end(JSON.stringify(answer(JSON.parse(body) as Asked)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    product: { url, token: "t", client: createSomaClient({ url, token: "t" }), hints: hintsFor({}, "/") },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What a command writes, also when it fails. */
export async function written(work: () => Promise<void>): Promise<{ stdout: string; stderr: string }> {
  const all = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      all[name] += String(text);
      return true;
    });
  await work().finally(() => vi.restoreAllMocks());
  return all;
}

/** What a command writes for other programs to read. */
export async function printed(work: () => Promise<void>): Promise<string> {
  return (await written(work)).stdout;
}
