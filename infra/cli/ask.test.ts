import type { SomaClient } from "@soma/graphql/client";
import { RunDetailDocument } from "@soma/graphql/operations";
import type { RunEvent } from "@soma/graphql/run-events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ask } from "./ask.ts";
import { hintsFor } from "./hints.ts";

/** A product whose run has told these events, and that never gives the whole run. */
function aProduct(types: readonly RunEvent["type"][], onDetail: () => void) {
  const client: SomaClient = {
    request: async <R>(document: unknown) => {
      if (document !== RunDetailDocument) return { sendMessage: { session: { id: "s1" }, run: { id: "r1" } } } as R;
      onDetail();
      return new Promise<R>(() => {});
    },
    async *answers() {},
    async *runEvents() {
      for (const type of types) yield { type, payload: {} } as RunEvent;
    },
  };
  return { url: "http://127.0.0.1", token: "t", client, hints: hintsFor({}, "/") };
}

/** What a Ctrl-C says while the detail of the run is fetched. */
async function interrupt(types: readonly RunEvent["type"][], json: boolean) {
  const said = { stdout: "", stderr: "", code: -1 };
  for (const name of ["stdout", "stderr"] as const)
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      said[name] += String(text);
      return true;
    });
  vi.spyOn(process, "exit").mockImplementation((code) => {
    said.code = Number(code);
    return undefined as never;
  });
  const before = process.listeners("SIGINT");
  await new Promise<void>((resolve) => void ask(aProduct(types, resolve), { asked: { text: "hello" }, json }));
  const added = process.listeners("SIGINT").filter((listener) => !before.includes(listener));
  for (const listener of added) {
    listener("SIGINT");
    process.off("SIGINT", listener);
  }
  return said;
}

describe("ask(), left by Ctrl-C", () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ["RUN_SUCCEEDED", "SUCCEEDED"],
    ["RUN_FAILED", "FAILED"],
    ["RUN_CANCELED", "CANCELED"],
  ] as const)("says after %s that the run has ended, and where its answer is", async (type, status) => {
    const text = await interrupt(["RUN_STARTED", type], false);
    expect(text.code).toBe(130);
    expect(text.stderr).toContain(`run r1 has ended ${status.toLowerCase()}; see it with\n`);
    expect(text.stderr).toMatch(/ runs show r1\n$/);
    const json = await interrupt(["RUN_STARTED", type], true);
    expect(JSON.parse(json.stdout)).toMatchObject({ sessionId: "s1", runId: "r1", status, answer: null });
  });

  it("says of a run whose end nobody has told that it goes on", async () => {
    const { stderr } = await interrupt(["RUN_STARTED"], false);
    expect(stderr).toMatch(/run r1 goes on; watch it with\n.* runs watch r1\ncancel it with\n.* runs cancel r1\n$/);
    const { stdout } = await interrupt(["RUN_STARTED"], true);
    expect(JSON.parse(stdout)).toMatchObject({ status: "RUNNING" });
  });
});
