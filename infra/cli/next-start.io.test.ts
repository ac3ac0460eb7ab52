import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { askNextStart } from "./next-start.ts";

describe("askNextStart()", () => {
  const folder = mkdtempSync(join(tmpdir(), "soma-cli-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  function ask(source: string) {
    const program = join(folder, "program.ts");
    writeFileSync(program, source);
    return askNextStart(program);
  }

  it("gives what the installation's program prints", async () => {
    expect(await ask('console.log(JSON.stringify({ ok: true, detail: "would use scripted" }));')).toEqual({
      ok: true,
      detail: "would use scripted",
    });
  });

  it("gives nothing where no installation is", async () => {
    expect(await askNextStart(join(folder, "missing.ts"))).toBeUndefined();
  });

  it.each([
    ["fails", 'process.stderr.write("no such profile\\n"); process.exit(1);', /could not be asked: no such profile/],
    ["prints something else", 'console.log("{}");', /not \{ok, detail\}/],
    ["prints no JSON", 'console.log("hello");', /not \{ok, detail\}/],
  ])("says so when the program %s", async (_, source, detail) => {
    expect(await ask(source)).toEqual({ ok: false, detail: expect.stringMatching(detail) });
  });
});
