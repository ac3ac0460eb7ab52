import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { aToolContext } from "@soma/sdk/testing/tool-context";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import httpFetch from "./http-fetch.ts";

/** What the site on this machine was asked for. */
const log: string[] = [];

type Answer = (response: ServerResponse) => void;

const text =
  (body: string | Buffer, type = "text/plain; charset=utf-8", status = 200): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": type }).end(body);
const redirect =
  (to: string): Answer =>
  (response) =>
    response.writeHead(302, { location: to }).end();

const PAGES: Record<string, Answer> = {
  "/hello": text("hello"),
  "/missing": text("nothing here", "text/html", 404),
  "/image": text("PNG", "image/png"),
  "/latin": text(Buffer.from([0xe4]), "text/plain; charset=iso-8859-1"),
  "/strange": text("ok", "text/plain; charset=klingon"),
  "/gzip": (response) =>
    response
      .writeHead(200, { "content-type": "text/plain", "content-encoding": "gzip" })
      .end(gzipSync("x".repeat(10_000))),
  "/big": text("x".repeat(300_000)),
  "/endless": (response) => {
    response.writeHead(200, { "content-type": "text/plain" });
    const timer = setInterval(() => response.write("x".repeat(1_000)), 1);
    response.on("close", () => clearInterval(timer));
  },
  "/silent": () => {},
  "/hops/0": text("arrived"),
};

function site(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? "";
  log.push(`${request.method} ${request.headers.host} ${path}`);
  const [, folder, rest = ""] = path.split("/");
  const moved =
    folder === "hops"
      ? redirect(`/hops/${Number(rest) - 1}`)
      : folder === "to"
        ? redirect(decodeURIComponent(rest))
        : undefined;
  const page =
    path === "/headers"
      ? text(JSON.stringify(request.headers), "application/json")
      : (PAGES[path] ?? moved ?? text("?", "text/plain", 500));
  page(response);
}

describe("http_fetch", () => {
  const server = createServer(site);
  let port: number;
  let base: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
    base = `http://site.example:${port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  let lookups = 0;
  /** Only site.example is known, and only its own port may be reached. */
  const fetchTool = () =>
    httpFetch({ httpFetchAllow: new Set([`site.example:${port}`]) }, async (host) => {
      lookups += 1;
      if (host !== "site.example" && host !== "inner.example") throw new Error(`${host} is not known`);
      return [{ address: "127.0.0.1", family: 4 }];
    });
  const get = async (path: string, args: object = {}, signal?: AbortSignal) =>
    fetchTool().run(
      { url: path.includes("://") ? path : base + path, ...args },
      aToolContext(signal === undefined ? {} : { signal }),
    ) as Promise<string>;

  it("gives status, address, content type and text", async () => {
    expect(await get("/hello")).toBe(`200 ${base}/hello\ncontent-type: text/plain; charset=utf-8\n\nhello`);
    expect(await get("/missing")).toContain(`404 ${base}/missing\ncontent-type: text/html\n\nnothing here`);
  });

  it("connects to the address that was checked, and asks the resolver once", async () => {
    lookups = 0;
    await get("/hello");
    expect(lookups).toBe(1);
    expect(log.at(-1)).toBe(`GET site.example:${port} /hello`);
  });

  it("sends nothing that tells who asks", async () => {
    const headers = JSON.parse((await get("/headers")).split("\n\n")[1] ?? "") as object;
    expect(Object.keys(headers).toSorted()).toEqual(["accept", "accept-encoding", "connection", "host", "user-agent"]);
  });

  it("follows up to five redirects by hand", async () => {
    expect(await get("/hops/5")).toContain(`200 ${base}/hops/0\n`);
    await expect(get("/hops/6")).rejects.toMatchObject({ type: "too_many_redirects" });
  });

  it("checks every hop of a redirect like the first", async () => {
    const before = log.length;
    const table = [
      ["http://127.0.0.1/", "address_refused"],
      ["http://169.254.169.254/latest/meta-data", "address_refused"],
      [`http://127.0.0.1:${port}/hello`, "address_refused"],
      ["http://inner.example/", "address_refused"],
      ["file:///etc/passwd", "bad_url"],
      ["http://a:b@site.example/", "bad_url"],
      ["http://unknown.example/", "host_not_found"],
    ];
    for (const [to = "", type] of table)
      await expect(get(`/to/${encodeURIComponent(to)}`), to).rejects.toMatchObject({ type });
    expect(log.slice(before).every((line) => line.includes("/to/"))).toBe(true);
  });

  it("reads as much text as was asked for, and says so", async () => {
    const answer = await get("/big", { maxBytes: 1_000 });
    expect(answer).toContain("[only the first 1000 bytes were read]");
    expect(answer.split("\n\n")[1]).toHaveLength(1_000);
    expect((await get("/big")).split("\n\n")[1]).toHaveLength(65_536);
    expect((await get("/endless", { maxBytes: 5_000 })).split("\n\n")[1]).toHaveLength(5_000);
  });

  it("gives text only, in its own encoding", async () => {
    expect(await get("/image")).toContain("[the answer is not text and was not read]");
    expect(await get("/gzip")).toContain("was not read");
    expect((await get("/latin")).split("\n\n")[1]).toBe("ä");
    expect((await get("/strange")).split("\n\n")[1]).toBe("ok");
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    const answer = get("/silent", {}, stop.signal);
    const expectation = expect(answer).rejects.toMatchObject({ name: "AbortError" });
    setTimeout(() => stop.abort(), 50);
    await expectation;
  });

  it("says when nobody answers", async () => {
    const tool = httpFetch({ httpFetchAllow: new Set(["127.0.0.1:9"]) });
    await expect(tool.run({ url: "http://127.0.0.1:9/" }, aToolContext())).rejects.toMatchObject({
      type: "unreachable",
    });
  });
});
