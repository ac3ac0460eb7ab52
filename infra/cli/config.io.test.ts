import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { askMode, checkConfig, type ModeReport, printConfig } from "./config.ts";
import { doctor } from "./doctor.ts";
import { tellOf } from "./testing/tell-of.ts";

const report: ModeReport = {
  mode: "prod",
  faults: [],
  lacks: { DATABASE_URL: "soma-database/request-url" },
  files: [],
  settings: [
    { name: "DATABASE_URL", value: null, source: "kept in secret soma-database/request-url, not set here" },
    { name: "JWT_ENABLED", value: "true", source: "modes/prod.yaml" },
  ],
};
const fault = "JWT_ENABLED is false, which mode prod refuses: nobody is answered without a token";

describe("soma config", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-config-"));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });
  afterAll(() => rm(folder, { recursive: true }));

  const tell = (answer: object, command: (program: string) => Promise<void>) => tellOf(folder, answer, command);

  it("print says each setting, its value and where that comes from", async () => {
    const { said, args } = await tell({ report }, (program) =>
      printConfig({ mode: "prod", file: "a.env", json: false }, program),
    );
    expect(said).toMatch(/^mode prod\n\nSETTING +VALUE +FROM\n/);
    expect(said).toMatch(/DATABASE_URL +- +kept in secret soma-database\/request-url, not set here\n/);
    expect(said).toMatch(/JWT_ENABLED +true +modes\/prod\.yaml\n/);
    expect(args).toEqual(["--mode", "prod", "--file", "a.env"]);
  });

  it("check says what comes from a secret, and fails with every fault", async () => {
    const good = await tell({ report }, (program) => checkConfig({ json: false }, program));
    expect(good).toMatchObject({
      said: "note: DATABASE_URL comes from secret soma-database/request-url\nmode prod has no faults\n",
      failed: undefined,
      args: [],
    });
    const bad = await tell({ report: { ...report, faults: [fault] } }, (program) =>
      checkConfig({ json: false }, program),
    );
    expect(bad.failed).toMatchObject({
      ...{ code: "CONFIG_REFUSED", exitCode: 1, message: `mode prod has faults:\n  - ${fault}` },
    });
  });

  it("check --json prints one value, and its exit code is 1 when there are faults", async () => {
    const { said, failed } = await tell({ report: { ...report, faults: [fault] } }, (program) =>
      checkConfig({ json: true }, program),
    );
    expect(JSON.parse(said)).toEqual({ mode: "prod", faults: [fault], lacks: report.lacks });
    expect([failed, process.exitCode]).toEqual([undefined, 1]);
  });

  it("says why there is nothing to tell", async () => {
    const { failed } = await tell({ error: "there is no mode production" }, (program) =>
      printConfig({ mode: "production", json: false }, program),
    );
    expect(failed).toMatchObject({
      ...{ code: "NO_CONFIG", message: "the settings cannot be looked at: there is no mode production" },
    });
  });

  it("doctor --mode tells beside everything else what this machine lacks of a mode", async () => {
    let said = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      said += text;
      return true;
    });
    await doctor({ mode: "prod", data: join(folder, "none") }, true);
    const details = (JSON.parse(said) as { what: string; ok: boolean; detail: string }[])
      .filter(({ what, ok }) => what === "Mode prod" && !ok)
      .map(({ detail }) => detail);
    expect(details).toContain("DATABASE_URL is not set; it comes from secret soma-database/request-url");
    expect(details.join()).toContain('SOMA_KAFKA_CA_FILE: "/run/secrets/soma/kafka-ca.pem" cannot be read');
  });

  it("asks the installation itself, whose every mode has no faults and tells no secret", async () => {
    vi.stubEnv("DATABASE_URL", "postgres://u:hush@127.0.0.1/soma");
    const told = await askMode({ mode: "dev_prod" }).finally(() => vi.unstubAllEnvs());
    expect([told.mode, told.faults]).toEqual(["dev_prod", []]);
    expect(told.settings.find(({ name }) => name === "DATABASE_URL")).toEqual({
      ...{ name: "DATABASE_URL", value: null, source: "set by the environment, and not shown" },
    });
    expect(JSON.stringify(told)).not.toContain("hush");
  });
});
