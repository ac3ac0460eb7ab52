import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toEnvLine } from "./env-text.ts";
import { writeEnvFile } from "./write-env-file.ts";

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

  const env = () => ({ DEPLOY_MODE: "prod", SOMA_GLOBAL_ENV: out });
  const generate = (...args: string[]): Promise<string> => writeEnvFile(args, env());

  it("writes the environment of DEPLOY_MODE for its owner alone", async () => {
    await expect(generate("--check")).rejects.toThrow(`${out} is not there`);
    const { stdout } = await promisify(execFile)(SCRIPT, { env: { PATH: process.env.PATH, ...env() } });
    expect(stdout).toBe(`${out} was written\n`);
    expect(await readFile(out, "utf8")).toBe(await readFile(COMMITTED, "utf8"));
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(await generate("--check")).toBe(`${out} is up to date\n`);
  });

  it("writes with what is set otherwise, and over nothing that was edited", async () => {
    await writeFile(out, `${await readFile(COMMITTED, "utf8")}MINE=1\n`);
    const set = ["--set", "SOMA_KAFKA_BROKERS=a:9093,b:9093"];
    await expect(generate(...set)).rejects.toThrow("was changed by hand");
    expect(await readFile(out, "utf8")).toContain("MINE=1");
    await generate("--force", ...set);
    expect(await readFile(out, "utf8")).toContain("\nSOMA_KAFKA_BROKERS=a:9093,b:9093\n");
  });

  it("refuses what the mode refuses, what nothing reads and what is secret, all at once", async () => {
    const asked = generate(
      ...["--set", "MTLS_ENABLED=false", "--set", "SOMA_X=1", "--set", "DATABASE_URL=postgres://a/b"],
    );
    await expect(asked).rejects.toThrow(
      `nothing was written:
  - --set SOMA_X is refused: nothing reads it
  - --set DATABASE_URL is refused: it is secret, and the file holds no secret
  - MTLS_ENABLED is false, which mode prod refuses: `,
    );
  });

  it("says what is wrong with how it was asked, and where it cannot write", async () => {
    await expect(generate("--mode", "production")).rejects.toThrow("there is no mode production; there are dev_full");
    await expect(generate("--set", "JWT_ENABLED")).rejects.toThrow("--set JWT_ENABLED is not NAME=VALUE");
    await expect(generate("--set", "DEPLOY_MODE=prod_ha")).rejects.toThrow("--set DEPLOY_MODE is --mode");
    await expect(generate("--out", join(folder, "none", "x.env"))).rejects.toThrow(
      "cannot be written (ENOENT); --out FILE names another place",
    );
    expect(await generate("--mode", "dev_full", "--print")).toContain("\nSOMA_EVENT_BUS=local\n");
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
