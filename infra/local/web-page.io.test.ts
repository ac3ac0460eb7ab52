import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildWebPage } from "./web-page.ts";

/** Builds a page, unless its source is wrong. */
const VITE = `
const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const folder = process.argv.find((arg) => arg.startsWith("--outDir=")).slice("--outDir=".length);
if (readFileSync("page.ts", "utf8").includes("wrong")) { console.error("page.ts is wrong"); process.exit(1); }
mkdirSync(folder, { recursive: true });
writeFileSync(folder + "/index.html", "built");
`;

let root: string;
let dataDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "soma-page-"));
  dataDir = join(root, "data");
  for (const folder of ["webui", "graphql", "schemas", "data", "node_modules/vite/bin"])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "node_modules/vite/bin/vite.js"), VITE);
  writeFileSync(join(root, "webui/page.ts"), "1");
});
afterEach(() => rmSync(root, { recursive: true }));

const build = () => buildWebPage({ root, dataDir });
const project = () => join(root, "webui", "dist");

describe("buildWebPage()", () => {
  it("builds into the project when a source is new or the page is gone, and else writes nothing", async () => {
    expect(await build()).toEqual({ folder: project(), built: true });
    expect(await build()).toEqual({ folder: project(), built: false });
    writeFileSync(join(root, "schemas/new.ts"), "2");
    expect(await build()).toEqual({ folder: project(), built: true });
    rmSync(project(), { recursive: true });
    expect(await build()).toEqual({ folder: project(), built: true });
    expect(existsSync(join(dataDir, "webui"))).toBe(false);
  });

  it("builds into the data folder where the project cannot be written to, and takes one that was built there", async () => {
    const closed = () => buildWebPage({ root, dataDir, canWrite: async (folder) => !folder.endsWith("node_modules") });
    expect(await closed()).toEqual({ folder: join(dataDir, "webui"), built: true });
    expect(await closed()).toEqual({ folder: join(dataDir, "webui"), built: false });
    expect(existsSync(project())).toBe(false);
    writeFileSync(join(root, "webui/page.ts"), "2");
    expect(await build()).toEqual({ folder: project(), built: true });
    expect(await closed()).toEqual({ folder: project(), built: false });
  });

  it("tells what is wrong with a source, and builds when it is mended", async () => {
    await build();
    writeFileSync(join(root, "webui/page.ts"), "wrong");
    await expect(build()).rejects.toThrow(/web page could not be built into .*dist: page.ts is wrong/);
    await expect(build()).rejects.toThrow(/page.ts is wrong/);
    writeFileSync(join(root, "webui/page.ts"), "1");
    expect(await build()).toEqual({ folder: project(), built: true });
  });
});
