import { createServer } from "node:net";

/** The preferred port when nothing listens there, else one the system gives. */
export async function freePort(preferred: number, host = "127.0.0.1"): Promise<number> {
  const port = (await tryPort(preferred, host)) ?? (await tryPort(0, host));
  if (port === undefined) throw new Error(`no free TCP port on ${host}`);
  return port;
}

function tryPort(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined));
    });
  });
}
