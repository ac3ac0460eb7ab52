import { once } from "node:events";
import { createServer } from "node:net";
import { platform } from "node:os";
import { expect, it } from "vitest";
import { freePort } from "./free-port.ts";
import { describePortHolder } from "./port-holder.ts";

it("describePortHolder() names the process that listens, where the system tells", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const named = platform() === "linux" ? `process ${process.pid} (` : "another program";
  expect(await describePortHolder(port)).toContain(named);
  expect(await freePort(port)).not.toBe(port);
  server.close();
  await once(server, "close");
  expect(await describePortHolder(port)).toBe("another program");
  expect(await freePort(port)).toBe(port);
});
