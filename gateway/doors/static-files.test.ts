import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
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
    await writeFile(join(folder, "ui", "assets", "main-1a2b3c.js.br"), brotliCompressSync("export {};"));
    await writeFile(join(folder, "ui", "assets", "main-1a2b3c.js.gz"), gzipSync("export {};"));
    await writeFile(join(folder, "secret.txt"), "not for you");
    await symlink(join(folder, "secret.txt"), join(folder, "ui", "link.txt"));
    await writeFile(join(folder, "ui", "theme.js"), "let theme;");
    await symlink(join(folder, "secret.txt"), join(folder, "ui", "theme.js.br"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    serveStatic(createStaticReader(join(folder, "ui")), path, new Headers(headers));
  const asset = (headers: Record<string, string>) => get("/assets/main-1a2b3c.js", headers);

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

  it.each([
    ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
    ["gzip", "gzip", gunzipSync],
    ["br;q=0, gzip;q=0.5", "gzip", gunzipSync],
    ["identity", null, (body: Uint8Array) => body],
    ["", null, (body: Uint8Array) => body],
  ])("sends who takes %j the file in %s, and says that others get another", async (accepted, encoding, decode) => {
    const response = await asset(accepted === "" ? {} : { "accept-encoding": accepted });
    expect(response.headers.get("content-encoding")).toBe(encoding);
    expect(response.headers.get("vary")).toBe("accept-encoding");
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(Buffer.from(decode(await response.bytes())).toString()).toBe("export {};");
  });

  it("names each coding by an etag of its own, and sends what is known there no second time", async () => {
    const tags = new Set<string>();
    for (const accepted of ["br", "gzip", "identity"]) {
      const etag = (await asset({ "accept-encoding": accepted })).headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[\w-]{27}"$/);
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
        const response = await asset({ "accept-encoding": accepted, "if-none-match": known });
        expect([known, response.status, await response.text()]).toEqual([known, 304, ""]);
        expect([response.headers.get("etag"), response.headers.get("vary")]).toEqual([etag, "accept-encoding"]);
      }
      tags.add(etag);
    }
    expect(tags.size).toBe(3);
    for (const tag of tags)
      if (tag !== (await asset({})).headers.get("etag"))
        expect((await asset({ "if-none-match": tag })).status).toBe(200);
    const page = (await get("/")).headers.get("etag") ?? "";
    expect((await get("/runs/0192", { "if-none-match": page })).status).toBe(304);
  });

  it("sends a file as it is where no compressed one is beside it, and follows no link out of the folder there either", async () => {
    for (const path of ["/", "/theme.js"]) {
      const response = await get(path, { "accept-encoding": "br, gzip" });
      expect([response.status, response.headers.get("content-encoding")]).toEqual([200, null]);
    }
    expect((await get("/assets/main-1a2b3c.js.br")).status).toBe(404);
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
