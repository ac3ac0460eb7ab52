import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toEnvLine } from "./env-text.ts";

const SCRIPT = fileURLToPath(new URL("../generate-global-env.sh", import.meta.url));
const COMMITTED = new URL("../env/prod.env", import.meta.url);

describe("infra/generate-global-env.sh", () => {
  let folder: string;
  let out: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-global-env-"));
    out = join(folder, "soma-global.env");
  });
  afterAll(() => rm(folder, { recursive: true }));

  const generate = (...args: string[]) =>
    promisify(execFile)(SCRIPT, args, {
      env: { PATH: process.env.PATH, DEPLOY_MODE: "prod", SOMA_GLOBAL_ENV: out },
    }).then(
      ({ stdout }) => ({ ok: true, said: stdout }),
      ({ stderr }: { stderr: string }) => ({ ok: false, said: stderr }),
    );

  it("writes the environment of DEPLOY_MODE for its owner alone, and keeps its hands off a file that was edited", async () => {
    expect(await generate("--check")).toMatchObject({ ok: false, said: expect.stringContaining("is not there") });
    expect(await generate()).toEqual({ ok: true, said: `${out} was written\n` });
    expect(await readFile(out, "utf8")).toBe(await readFile(COMMITTED, "utf8"));
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const edited = `${await readFile(out, "utf8")}MINE=1\n`;
    await writeFile(out, edited);
    expect(await generate()).toMatchObject({ ok: false, said: expect.stringContaining("was changed by hand") });
    expect(await readFile(out, "utf8")).toBe(edited);
    expect(await generate("--out", join(folder, "none", "x.env"))).toMatchObject({
      ok: false,
      said: expect.stringContaining("cannot be written (ENOENT); --out FILE names another place"),
    });
    expect((await generate("--force", "--set", "SOMA_KAFKA_BROKERS=a:9093,b:9093")).ok).toBe(true);
    expect(await readFile(out, "utf8")).toContain("\nSOMA_KAFKA_BROKERS=a:9093,b:9093\n");
  });

  it("refuses what the mode refuses, what nothing reads and what is secret, all at once", async () => {
    const { ok, said } = await generate(
      ...["--print", "--set", "MTLS_ENABLED=false", "--set", "SOMA_X=1", "--set", "DATABASE_URL=postgres://a/b"],
    );
    expect([ok, said.split("\n").length]).toEqual([false, 5]);
    expect(said).toContain("--set SOMA_X is refused: nothing reads it");
    expect(said).toContain("--set DATABASE_URL is refused: it is secret");
    expect(said).toContain("MTLS_ENABLED is false, which mode prod refuses: ");
  });
});

it("toEnvLine() is read by a shell as it was written", () => {
  const values = ["http://a:1/b", "two  words ", "a#b 'c' ;&|<>(){}*?~!", "größe 日本"];
  const lines = values.map((value, index) => toEnvLine(`V${index}`, value)).join("\n");
  const told = values.map((_value, index) => `"$V${index}"`).join(" ");
  expect(execFileSync("sh", ["-c", `${lines}\nprintf '%s\\n' ${told}`], { encoding: "utf8" })).toBe(
    `${values.join("\n")}\n`,
  );
});
