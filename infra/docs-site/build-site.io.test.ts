import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findPython } from "@soma/local/find-python";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSite } from "./build-site.ts";

const site = fileURLToPath(new URL("../../.tmp/site/", import.meta.url));
const python = await findPython();
const title = "missing" in python ? `buildSite() (not run here: ${python.missing})` : "buildSite()";
/** The first build of a machine brings its packages. */
const FIRST_MS = 300_000;

describe.skipIf("missing" in python)(title, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "soma-site-"));
    await mkdir(join(folder, "docs"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(
    "makes a page of each page of docs/, without one link that leads nowhere, and with nothing that others serve",
    async () => {
      await rm(site, { recursive: true, force: true });
      await buildSite();
      const pages = (await readdir(fileURLToPath(new URL("../../docs/", import.meta.url)), { recursive: true }))
        .filter((name) => name.endsWith(".md"))
        .map((name) => name.replace(/(?:(?<=^|\/)index)?\.md$/, "/index.html").replace(/^\//, ""));
      expect(pages.length).toBeGreaterThan(80);
      expect(pages.filter((page) => !existsSync(join(site, page)))).toEqual([]);
      const first = await readFile(join(site, "index.html"), "utf8");
      expect(first).toContain("SomaAgent01");
      expect(first).not.toMatch(/<(?:script|img|link)[^>]+(?:src|href)="?https?:\/\/(?!squidfunk)/);
      expect(existsSync(join(site, "docs.test.ts"))).toBe(false);
    },
    FIRST_MS,
  );

  it(
    "fails, and says where, when a link, an anchor or a page of the navigation is none",
    async () => {
      const config = join(folder, "mkdocs.yml");
      const ours = await readFile(new URL("../../mkdocs.yml", import.meta.url), "utf8");
      await writeFile(config, ours.replace(/^nav:[\s\S]*/m, "nav:\n  - Home: index.md\n  - Gone: gone.md\n"));
      await writeFile(join(folder, "docs/index.md"), "# Home\n\n[a](none.md) [b](#none)\n");
      const failed = await buildSite(config).then(() => "it was built", String);
      expect(failed).toContain("a link 'none.md', but the target is not found");
      expect(failed).toContain("no such anchor on this page");
      expect(failed).toContain("'gone.md'");
    },
    FIRST_MS,
  );
});
