import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSecrets } from "./secrets.ts";

let dataDir: string;
let path: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "soma-secrets-"));
  path = join(dataDir, "secrets.json");
});
afterEach(() => rmSync(dataDir, { recursive: true }));

function makeDatabase(): void {
  mkdirSync(join(dataDir, "pg"));
  writeFileSync(join(dataDir, "pg", "PG_VERSION"), "18\n");
}

describe("loadSecrets()", () => {
  it("makes them once, for their owner alone, and leaves nothing beside them", async () => {
    const made = await loadSecrets(dataDir);
    expect(await loadSecrets(dataDir)).toEqual(made);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataDir)).toEqual(["secrets.json"]);
  });

  it.each([
    ["", 0],
    ["a whole file but its end", -20],
  ])("makes new ones where a start was killed while it wrote them: %j", async (_, end) => {
    await loadSecrets(dataDir);
    writeFileSync(path, readFileSync(path, "utf8").slice(0, end));
    expect((await loadSecrets(dataDir)).postgres.owner).toMatch(/^\S{32}$/);
  });

  it.each([
    ["empty", "\n"],
    ["cut off or changed", '{"postgres":{"owner":"x"'],
    ["cut off or changed", '{"postgres":{"owner":"","request":"r","worker":"w"}}'],
    ["missing", undefined],
  ])("never makes new ones where a database is: the file is %s", async (what, text) => {
    makeDatabase();
    if (text !== undefined) writeFileSync(path, text);
    await expect(loadSecrets(dataDir)).rejects.toThrow(
      `${path} is ${what}, and the database beside it opens with the passwords in it alone; put the file back from a backup, or move ${dataDir} away to start with an empty one`,
    );
    expect(existsSync(path) ? readFileSync(path, "utf8") : undefined).toBe(text);
  });

  it("takes another file for the sign that a database is there, where it is told one", async () => {
    writeFileSync(join(dataDir, "postgres.env"), "POSTGRES_USER=soma_owner\n");
    writeFileSync(path, "{");
    await expect(loadSecrets(dataDir, "postgres.env")).rejects.toThrow(/opens with the passwords in it alone/);
    expect(readFileSync(path, "utf8")).toBe("{");
  });

  it("does not take a file that cannot be read for one that is missing", async () => {
    mkdirSync(path);
    await expect(loadSecrets(dataDir)).rejects.toThrow(/secrets\.json cannot be read: EISDIR/);
  });
});
