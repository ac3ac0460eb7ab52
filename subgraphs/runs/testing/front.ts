import { once } from "node:events";
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How a service is away: nothing listens, it says nothing, or it answers with this status. */
export type Away = "closed" | "silent" | number;

/** The address of a service, which goes away and comes back. */
export interface Front {
  origin: string;
  away(how: Away): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

/** Stands before a server of a test, at an address that stays the same. */
export async function startFront(target: string): Promise<Front> {
  let how: Away | undefined;
  const server = createServer((request, response) => {
    if (how === "silent") return;
    if (typeof how === "number") response.writeHead(how, { "content-type": "text/plain" }).end("it is away");
    else passOn(target, request, response);
  });
  const listen = async (at: number): Promise<void> => {
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return {
    origin: `http://127.0.0.1:${port}`,
    async away(next) {
      how = next;
      if (next === "closed") await close();
      else server.closeAllConnections();
    },
    async back() {
      how = undefined;
      server.closeAllConnections();
      if (!server.listening) await listen(port);
    },
    close,
  };
}

function passOn(target: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url = "/" } = request;
  const asked = ask(new URL(url, target), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  asked.on("error", () => response.destroy());
  request.pipe(asked);
}
