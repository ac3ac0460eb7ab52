import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import type { Effect } from "@soma/sdk/define-tool";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MAX_ATTEMPTS } from "../domain/invocation.ts";
import noteAppend from "../execution/tools/note-append.ts";
import { createToolsFixture, type ToolsFixture, type ToolsProcess } from "../testing/fixture.ts";
import { recordsOf } from "../testing/records.ts";
import { aTool } from "../testing/tools.ts";

const open = fs.open;
const noRoom = (code: string) => Object.assign(new Error(`${code}: no space left on device, write`), { code });

/** What opens a file with these flags finds the disk full from here on. */
function fillDisk(flags: string, code: string): void {
  fs.open = (...params) => (params[1] === flags ? Promise.reject(noRoom(code)) : open(...params));
  syncBuiltinESMExports();
}

function makeRoom(): void {
  fs.open = open;
  syncBuiltinESMExports();
}

describe("invokeTool() while the disk of the data folder is full", () => {
  let fixture: ToolsFixture;
  let running: ToolsProcess;
  let full = true;
  const writes = (effect: Effect) =>
    aTool(
      effect,
      () => {
        if (full) throw new Error("the index was not written", { cause: noRoom("ENOSPC") });
        return "written";
      },
      { effect },
    );

  beforeAll(async () => {
    fixture = await createToolsFixture("invoke_full_disk");
    running = await fixture.start([noteAppend, writes("pure"), writes("idempotent"), writes("at_most_once")]);
  });
  afterEach(() => {
    makeRoom();
    full = true;
  });
  afterAll(() => fixture.close());

  const refused = { code: "UNAVAILABLE", retryable: true, message: "the disk of the data folder is full" };

  it.each([
    ["its file", "wx", "ENOSPC"],
    ["its file within the quota", "wx", "EDQUOT"],
    ["what makes its line last", "r", "ENOSPC"],
  ])("keeps a note until there is room for %s, and writes it once", async (name, flags, code) => {
    const input = { tool: "note_append", args: { text: name }, idempotencyKey: name };
    fillDisk(flags, code);
    // It is asked for more often than an invocation may lose its executor.
    for (let asked = 0; asked < MAX_ATTEMPTS + 2; asked += 1)
      await expect(running.invoke(input)).rejects.toMatchObject(refused);
    makeRoom();
    const row = await running.invoke(input);
    expect(row).toMatchObject({ status: "SUCCEEDED", attempt: MAX_ATTEMPTS + 3, givenBack: MAX_ATTEMPTS + 2 });
    const notes = await fs.readFile(join(fixture.dataDir, "notes/acme/notes.md"), "utf8");
    expect(notes.split(`- ${name} <`)).toHaveLength(2);
    expect(await recordsOf(fixture).toolEvents(row.invocationId)).toMatchObject([{ status: "succeeded" }]);
  });

  it.each(["pure", "idempotent"])("gives back what is %s", async (tool) => {
    const input = { tool, args: {}, idempotencyKey: tool };
    await expect(running.invoke(input)).rejects.toMatchObject(refused);
    full = false;
    expect(await running.invoke(input)).toMatchObject({ status: "SUCCEEDED", attempt: 2 });
  });

  it("ends what may run once only, says why, and does not run it again", async () => {
    const input = { tool: "at_most_once", args: {}, idempotencyKey: "once" };
    const ended = { status: "FAILED", errorType: "disk_full", errorMessage: refused.message, attempt: 1 };
    expect(await running.invoke(input)).toMatchObject(ended);
    full = false;
    expect(await running.invoke(input)).toMatchObject(ended);
  });

  it("cancels what waits for room", async () => {
    const input = { tool: "idempotent", args: {}, idempotencyKey: "canceled" };
    await expect(running.invoke(input)).rejects.toMatchObject(refused);
    const [waiting] = await fixture.database.owner<{ id: string }[]>`
      select invocation_id as id from invocation where idempotency_key = 'canceled'`;
    await running.cancel(waiting?.id ?? "");
    expect(await running.invoke(input)).toMatchObject({ status: "CANCELED" });
  });
});
