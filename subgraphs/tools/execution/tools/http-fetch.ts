import type { LookupFunction } from "node:net";
import { defineTool, type Tool, ToolError } from "@soma/sdk/define-tool";
import { fit } from "@soma/shared/stream-frames/split-frames";
import { Type } from "typebox";
import { Agent, type Dispatcher, request } from "undici";
import type { ToolSettings } from "../catalog/tool-settings.ts";
import { type CheckedTarget, checkTarget, type ResolveHost, resolveHost } from "./http-fetch/public-address.ts";

const TIMEOUT_MS = 20_000;
const DEFAULT_BYTES = 65_536;
const MAX_BYTES = 262_144;
/** The head of the answer stands before its text. */
const HEAD_BYTES = 4_096;
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const TEXT_TYPE =
  /^(text\/.+|application\/(.+\+)?(json|xml|yaml|javascript|ecmascript|x-ndjson|x-www-form-urlencoded)|image\/svg\+xml)$/;

const input = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 2_048, description: "http or https" }),
    method: Type.Optional(Type.Literal("GET")),
    maxBytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_BYTES,
        description: `bytes of text that are read at most, ${DEFAULT_BYTES} when left out`,
      }),
    ),
  },
  { additionalProperties: false },
);

/** Fetches a page of the public internet. The address of every hop is checked and is the one that is connected to. */
export default function httpFetch({ httpFetchAllow }: ToolSettings, resolve: ResolveHost = resolveHost): Tool {
  return defineTool({
    name: "http_fetch",
    version: "1",
    description: "Fetches a URL of the public internet with GET and gives status, content type and text.",
    input,
    risk: "medium",
    effect: "pure",
    isolation: "none",
    timeoutMs: TIMEOUT_MS,
    maxOutputBytes: MAX_BYTES + HEAD_BYTES,
    async run({ url, maxBytes = DEFAULT_BYTES }, { signal }) {
      let next = url;
      for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
        const answer = await fetchOnce(await checkTarget(next, httpFetchAllow, resolve), maxBytes, signal);
        if (typeof answer === "string") return answer;
        next = answer.redirect;
      }
      throw new ToolError("too_many_redirects", `${url} redirects more than ${MAX_REDIRECTS} times`);
    },
  });
}

/** One request on a connection of its own: the text of the answer, or where it redirects to. */
async function fetchOnce(
  target: CheckedTarget,
  maxBytes: number,
  signal: AbortSignal,
): Promise<string | { redirect: string }> {
  const agent = new Agent({
    connect: { lookup: pinnedTo(target), timeout: 10_000 },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    maxHeaderSize: 16_384,
    pipelining: 0,
  });
  try {
    const headers = { accept: "*/*", "accept-encoding": "identity", "user-agent": "somaagent01-http-fetch" };
    const response = await request(target.url, { dispatcher: agent, method: "GET", headers, signal }).catch(
      (cause: unknown) => {
        signal.throwIfAborted();
        throw new ToolError(
          "unreachable",
          `${target.url.host} did not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
          { cause },
        );
      },
    );
    const location = headerOf(response, "location");
    if (REDIRECTS.has(response.statusCode) && location !== undefined)
      return { redirect: resolveLocation(location, target.url) };
    return await describe(target.url, response, maxBytes);
  } finally {
    await agent.destroy();
  }
}

/** A resolver that knows the checked addresses and nothing else. */
function pinnedTo({ addresses }: CheckedTarget): LookupFunction {
  const [first] = addresses;
  return (_host, options, callback) => {
    if (options.all === true) callback(null, addresses);
    else callback(null, first?.address ?? "", first?.family);
  };
}

function resolveLocation(location: string, base: URL): string {
  if (!URL.canParse(location, base))
    throw new ToolError("bad_url", `${base.host} redirects to "${location.slice(0, 200)}", which is not a URL`);
  return new URL(location, base).href;
}

async function describe(url: URL, response: Dispatcher.ResponseData, maxBytes: number): Promise<string> {
  const contentType = headerOf(response, "content-type") ?? "";
  const head = fit(
    `${response.statusCode} ${url.href}\ncontent-type: ${contentType === "" ? "none" : contentType}`,
    HEAD_BYTES - 200,
  ).kept;
  const [type = "", ...parameters] = contentType.split(";").map((part) => part.trim().toLowerCase());
  if (!TEXT_TYPE.test(type)) return `${head}\n\n[the answer is not text and was not read]`;
  if ((headerOf(response, "content-encoding") ?? "identity") !== "identity")
    return `${head}\n\n[the answer is compressed, though that was not asked for, and was not read]`;
  const { bytes, cut } = await readBody(response, maxBytes);
  const text = decoderFor(parameters).decode(bytes);
  return `${head}${cut ? `\n[only the first ${maxBytes} bytes were read]` : ""}\n\n${text}`;
}

async function readBody(response: Dispatcher.ResponseData, maxBytes: number): Promise<{ bytes: Buffer; cut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), cut: size > maxBytes };
}

function decoderFor(parameters: readonly string[]): TextDecoder {
  const charset = parameters
    .find((parameter) => parameter.startsWith("charset="))
    ?.slice(8)
    .replaceAll('"', "");
  try {
    return new TextDecoder(charset ?? "utf-8");
  } catch {
    return new TextDecoder();
  }
}

function headerOf(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
