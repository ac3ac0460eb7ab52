import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSomaClient } from "@soma/graphql/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Product } from "./find-product.ts";
import { hintsFor } from "./hints.ts";
import { browserCommand, type Desk, openPage } from "./open.ts";
import { written } from "./testing/stub-product.ts";

const folder = mkdtempSync(join(tmpdir(), "soma-open-"));
const seen = join(folder, "seen");
const desk: Desk = { platform: "linux", env: { PATH: `${folder}:/bin:/usr/bin`, DISPLAY: ":0" } };

/** A program that notes what it is asked to open, and ends with this. */
function browser(code: number): void {
  writeFileSync(join(folder, "xdg-open"), `#!/bin/sh\nprintf %s "$1" > ${seen}\nexit ${code}\n`, { mode: 0o755 });
}

describe("soma open", () => {
  let product: Product;
  let answer: { status: number; body: object };
  const server = createServer((_request, response) => {
    response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
  });
  beforeAll(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    product = { url, token: "t", client: createSomaClient({ url, token: "t" }), hints: hintsFor({}, "/") };
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    answer = { status: 200, body: { link: "http://127.0.0.1:4700/#t=once" } };
    rmSync(seen, { force: true });
    browser(0);
  });

  it("opens the page of a run in a browser that it signs in, and prints no token that is used up", async () => {
    const { stdout } = await written(() => openPage(product, { run: "r/1 &x", json: false }, desk));
    expect(readFileSync(seen, "utf8")).toBe("http://127.0.0.1:4700/runs/r%2F1%20%26x#t=once");
    expect(stdout).toBe("opened http://127.0.0.1:4700/runs/r%2F1%20%26x\n");
  });

  it("prints the address that signs in where there is no display, no browser, or one that fails", async () => {
    const nowhere: Desk = { ...desk, env: { PATH: folder } };
    const empty: Desk = { ...desk, env: { PATH: "/nowhere", DISPLAY: ":0" } };
    browser(3);
    for (const place of [nowhere, empty, desk]) {
      const { stdout, stderr } = await written(() => openPage(product, { json: false }, place));
      expect(stdout).toBe("http://127.0.0.1:4700/#t=once\n");
      expect(stderr).toMatch(/no browser could be opened here/);
    }
    const { stdout } = await written(() => openPage(product, { json: true }, nowhere));
    expect(JSON.parse(stdout)).toEqual({ address: "http://127.0.0.1:4700/#t=once", opened: false });
  });

  it("opens nothing where the address alone is wanted, and has no token where users sign in elsewhere", async () => {
    answer = { status: 404, body: {} };
    const { stdout, stderr } = await written(() => openPage(product, { run: "r1", print: true, json: false }, desk));
    expect([stdout, stderr]).toEqual([`${product.url}/runs/r1\n`, ""]);
    expect(existsSync(seen)).toBe(false);
  });

  it("says why the product gave no link", async () => {
    answer = { status: 403, body: { errors: [{ message: "the role may not" }] } };
    await expect(openPage(product, { json: false }, desk)).rejects.toThrow("gave no sign-in link: the role may not");
  });
});

describe("browserCommand()", () => {
  it.each([
    ["darwin", {}, ["open", "a"]],
    ["win32", {}, ["rundll32", "url.dll,FileProtocolHandler", "a"]],
    ["linux", { WAYLAND_DISPLAY: "w" }, ["xdg-open", "a"]],
    ["linux", { BROWSER: "lynx" }, ["xdg-open", "a"]],
    ["linux", { DISPLAY: "" }, undefined],
  ] as const)("on %s with %j is %j", (platform, env, command) => {
    expect(browserCommand("a", { platform, env })).toEqual(command);
  });
});
