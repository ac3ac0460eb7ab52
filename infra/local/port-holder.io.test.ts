import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { platform } from "node:os";
import { onLinux } from "@soma/shared/testing/on-linux";
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

const LISTEN = `const server = require("node:net").createServer().listen(0, "127.0.0.1", () =>
  console.log(server.address().port));`;

it.skipIf(platform() !== "linux").each([
  ["/opt/evil\u001b[2J\u202e/\u001b]0;x\u0007run", "??0?x?run"],
  ["nginx: master process /usr/sbin/nginx --key=secret", "nginx"],
  ["x".repeat(500), "x".repeat(40)],
])(onLinux("describePortHolder() gives of %j its name alone, and none of its arguments"), async (argv0, name) => {
  const child = spawn(process.execPath, ["-e", LISTEN, "--", "--password=secret"], {
    argv0,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  expect(await describePortHolder(Number(port))).toBe(`process ${child.pid} (${name})`);
  child.kill("SIGKILL");
});
