import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const PROGRAM = fileURLToPath(new URL("./start.ts", import.meta.url));

test("the small model says in one line which port is taken, before it installs anything", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const started = promisify(execFile)(process.execPath, [PROGRAM, String(port)]);
  const { code, stdout, stderr } = await started.then(
    () => expect.fail("it started"),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  other.close();
  expect([code, stdout, stderr.trim().split("\n")]).toEqual([
    1,
    "",
    [expect.stringMatching(new RegExp(`^port ${port} cannot be listened on: .* npm run small-model -- PORT$`))],
  ]);
});
