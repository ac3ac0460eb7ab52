import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createStaticReader } from "../node/read-static.ts";
import { serveStatic } from "./static-files.ts";

describe("serveStatic() from a folder", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "static-"));
    await mkdir(join(folder, "ui", "assets"), { recursive: true });
    await writeFile(join(folder, "ui", "index.html"), "<!doctype html><title>soma</title>");
    await writeFile(join(folder, "ui", "assets", "main-1a2b3c.js"), "export {};");
    await writeFile(join(folder, "secret.txt"), "not for you");
    await symlink(join(folder, "secret.txt"), join(folder, "ui", "link.txt"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const get = (path: string): Promise<Response> => serveStatic(createStaticReader(join(folder, "ui")), path);

  it("serves pages under a policy that lets nothing in from outside", async () => {
    for (const path of ["/", "/index.html", "/runs/0192"]) {
      const response = await get(path);
      expect([response.status, await response.text()]).toEqual([200, "<!doctype html><title>soma</title>"]);
      const policy = response.headers.get("content-security-policy")?.split("; ") ?? [];
      for (const rule of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ])
        expect(policy).toContain(rule);
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy.join()).not.toContain("unsafe");
      expect(response.headers.get("cache-control")).toBe("no-cache");
    }
  });

  it("lets browsers keep assets, whose names change with their content", async () => {
    const response = await get("/assets/main-1a2b3c.js");
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("has no page for files that do not exist", async () => {
    for (const path of ["/assets/gone.js", "/favicon.png", "/assets/gone"]) expect((await get(path)).status).toBe(404);
  });

  it("never leaves its folder", async () => {
    for (const path of [
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "/assets/../../secret.txt",
      "/link.txt",
      "/%00.txt",
      "/%.txt",
    ]) {
      const response = await get(path);
      expect([path, response.status, await response.text()]).toEqual([path, 404, "not found\n"]);
    }
  });

  it("says how to build the web UI when it is not there", async () => {
    const response = await serveStatic(createStaticReader(join(folder, "nowhere")), "/");
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("npx vite build");
  });
});
