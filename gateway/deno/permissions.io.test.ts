import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findDeno } from "@soma/local/find-deno";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { permissionsOf } from "./permissions.ts";

const run = promisify(execFile);
const settings = { metricsHost: "127.0.0.1", metricsPort: 0, otlpEndpoint: "" };

describe("a process with the permissions of permissionsOf()", () => {
  let folder: string;
  const subgraph = createServer((_request, response) => response.end("served"));
  const stranger = createServer((_request, response) => response.end("served"));
  const services = [subgraph, stranger];
  const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-deno-"));
    await Promise.all(["documents.json", "key.json"].map((name) => writeFile(join(folder, name), "{}")));
    for (const service of services) await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    for (const service of services) service.close();
    await rm(folder, { recursive: true });
  });

  /** What became of each attempt: "done", "refused" by Deno, or the name of what failed otherwise. */
  async function attempt(attempts: Record<string, string>): Promise<Record<string, string>> {
    const unset = { redisUrl: "", oidcJwksUrl: "", webuiDir: "", userVerifyKeyFile: "", revokedFile: "" };
    const config = {
      ...unset,
      host: "127.0.0.1",
      port: 0,
      urls: { runs: urlOf(subgraph) },
      internalSigningKeyFile: "",
    };
    const allowed = permissionsOf({
      config: { ...config, documentsFile: join(folder, "documents.json") },
      settings,
      folders: { graphql: "/nowhere", webui: "/nowhere" },
    });
    const tries = Object.entries(attempts).map(([name, code]) => `${JSON.stringify(name)}: async () => { ${code} }`);
    const file = join(folder, "attempts.js");
    await writeFile(
      file,
      `const found = {};
       for (const [name, act] of Object.entries({ ${tries.join(", ")} }))
         found[name] = await act().then(() => "done", ({ name, message }) => (/^Requires \\w+ access/.test(message) ? "refused" : name));
       console.log(JSON.stringify(found));
       Deno.exit(0);`,
    );
    const { program, args, env } = await findDeno();
    const { stdout } = await run(program, [...args, ...allowed, file], { env: { ...process.env, ...env } });
    return JSON.parse(stdout) as Record<string, string>;
  }
  const inFolder = (name: string): string => JSON.stringify(join(folder, name));

  it("asks its subgraphs, listens, and reads its files and its settings", async () => {
    const found = await attempt({
      ask: `await (await fetch("${urlOf(subgraph)}")).text();`,
      listen: `Deno.listen({ hostname: "127.0.0.1", port: 0 }).close();`,
      read: `await Deno.readTextFile(${inFolder("documents.json")});`,
      settings: `Deno.env.get("SOMA_BIND_HOST");`,
      hostname: "Deno.hostname();",
    });
    expect(new Set(Object.values(found))).toEqual(new Set(["done"]));
  });

  it("reaches nobody else, reads and writes no other file, starts no program, loads no library, and learns nothing of the machine", async () => {
    const found = await attempt({
      ask: `await fetch("${urlOf(stranger)}");`,
      lookup: `await Deno.resolveDns("example.com", "A");`,
      listen: `Deno.listen({ hostname: "0.0.0.0", port: 0 });`,
      read: `await Deno.readTextFile(${inFolder("key.json")});`,
      import: `const file = ${inFolder("key.json")}; await import(file, { with: { type: "json" } });`,
      require: `(await import("node:module")).createRequire("/")(${inFolder("key.json")});`,
      write: `await Deno.writeTextFile(${inFolder("documents.json")}, "");`,
      run: `await new Deno.Command("true").output();`,
      library: `Deno.dlopen("libc.so.6", {});`,
      users: "Deno.uid();",
      system: "Deno.osRelease();",
    });
    expect(new Set(Object.values(found))).toEqual(new Set(["refused"]));
  });
});
