import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { rotateKeys } from "./keys.ts";

describe("soma keys rotate", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "soma-keys-"));
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => rm(dir, { recursive: true }));

  async function tell(options: { name: string; json?: boolean }): Promise<string> {
    let said = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      said += text;
      return true;
    });
    await rotateKeys({ dir, after: 300, keep: 3_900, json: false, ...options });
    return said;
  }

  it("writes the files, and says when the new key signs and until when those before verify", async () => {
    const said = await tell({ name: "decision" });
    expect(said).toMatch(/^decision-\w+-[0-9a-f]{6} signs from 2\S+Z on; the files are written:\n/);
    expect(said).toMatch(/VERIFIES +UNTIL\ndecision-\S+ +-\n/);
    expect((await readdir(dir)).toSorted()).toEqual([
      ".decision.lock",
      "decision-private.json",
      "decision-public.json",
    ]);
    const { verifying } = JSON.parse(await tell({ name: "decision", json: true })) as { verifying: object[] };
    expect(verifying).toEqual([
      { kid: expect.any(String), until: expect.any(String) },
      { kid: expect.any(String), until: null },
    ]);
  });

  it("says why nothing changed", async () => {
    await expect(tell({ name: "user" })).rejects.toMatchObject({
      code: "NO_ROTATION",
      message: 'the keys "user" stay as they are: there are no keys "user"; there are internal, decision',
    });
  });
});
