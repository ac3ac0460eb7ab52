import { rememberTool } from "@soma/sdk/remember-tool";
import { type ErrorCode, SomaError } from "@soma/shared/errors";
import type { ServiceClient } from "@soma/shared/graphql/service-client";
import { LRUCache } from "lru-cache";
import { describe, expect, it } from "vitest";
import type { ServiceBinding } from "../engine/execute/run-context.ts";
import { bindMemory } from "./memory.ts";
import { PEER_MS } from "./peer-limit.ts";
import { bindPolicy } from "./policy.ts";
import { bindTools } from "./tools.ts";

/** Every call that may be asked again under the same key, to peers that fail in one way. */
function ask(code: ErrorCode): [string, () => Promise<unknown>][] {
  const client = { request: () => Promise.reject(new SomaError(code, "no")) } as unknown as ServiceClient;
  const binding = { run: { tenant: "acme" }, signal: new AbortController().signal } as ServiceBinding;
  const memory = bindMemory(client, binding);
  const tools = bindTools(client, binding, new LRUCache({ max: 1 }));
  return [
    ["decide", () => bindPolicy(client, binding).decide({} as never)],
    ["recall", () => memory.recall({} as never)],
    ["remember", () => memory.remember({} as never)],
    ["link", () => memory.link({} as never)],
    ["list", () => tools.list()],
  ];
}

describe("a peer that says nothing in time", () => {
  it.each(ask("TIMEOUT"))("is away, and %s is waited for", (_name, call) =>
    expect(call()).rejects.toMatchObject({ code: "UNAVAILABLE", message: "no" }),
  );

  it.each(ask("FORBIDDEN"))("is no peer that says no to %s", (_name, call) =>
    expect(call()).rejects.toMatchObject({ code: "FORBIDDEN" }),
  );
});

it("the limit that the catalogue tells of remember is the one its call has", () =>
  expect(rememberTool.timeoutMs).toBe(PEER_MS));
