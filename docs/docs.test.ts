import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { EVENT_TOPICS } from "@soma/schemas/events";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => existsSync(join(root, file)));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const pages = files.filter((file) => file.endsWith(".md") && !file.includes("node_modules"));
const sources = files
  .filter((file) => /\.(ts|tsx|js|yaml|graphql)$/.test(file) && !/\.test\.tsx?$/.test(file))
  .map(read)
  .join("\n");

/** A path that stands in the project, or that git ignores because a build makes it. */
function isPlace(path: string): boolean {
  if (existsSync(join(root, path))) return true;
  return spawnSync("git", ["check-ignore", "--quiet", path, `${path}/`], { cwd: root }).status === 0;
}

/** Pages with what a pattern finds in their inline code, tables and text. */
function found(pattern: RegExp): { page: string; name: string }[] {
  return pages.flatMap((page) => [...read(page).matchAll(pattern)].map(([, name = ""]) => ({ page, name })));
}

/** What a page of the manual is read with is loaded by a telephone too. */
const MOST_PICTURE_BYTES = 80_000;

describe("documentation", () => {
  it("names only settings that the code reads", () => {
    const names = found(/`((?:SOMA|OTEL)_[A-Z_]+|(?:WORKER_)?DATABASE_URL)`/g);
    expect(names.length).toBeGreaterThan(20);
    // Each subgraph's own port and schema are made of its name.
    const made = /^SOMA_(?:RUNS|MEMORY|POLICY|TOOLS)_(?:PORT|SCHEMA)$/;
    expect(names.filter(({ name }) => !sources.includes(name) && !made.test(name))).toEqual([]);
  });

  it("names every setting that the code declares", () => {
    const declared = [...sources.matchAll(/\benv: "([A-Z_]+)",\s+doc:/g)].map(([, name = ""]) => name);
    expect(declared.length).toBeGreaterThan(20);
    const said = read("docs/operator/configuration.md");
    expect(declared.filter((name) => !said.includes(`\`${name}\``))).toEqual([]);
  });

  it("names every metric that the code counts", () => {
    const counted = [...sources.matchAll(/\b(?:counter|gauge|histogram|durationHistogram)\(\s*"([a-z_]+)"/g)].map(
      ([, name = ""]) => name,
    );
    expect(counted.length).toBeGreaterThan(15);
    const said = read("docs/operator/metrics.md");
    expect(counted.filter((name) => !said.includes(`\`${name}\``))).toEqual([]);
  });

  it("names only metrics that the code counts", () => {
    const names = read("docs/operator/metrics.md").match(/`[a-z]+(?:_[a-z]+)+`/g) ?? [];
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !sources.includes(`"${name.slice(1, -1)}"`))).toEqual([]);
  });

  it("names only files that exist, and links only to them", () => {
    const paths = found(/`((?:conf|docs|gateway|graphql|infra|schemas|subgraphs|tests|webui)\/[\w./-]*\w)`/g);
    expect(paths.filter(({ name }) => !isPlace(name))).toEqual([]);
    const links = found(/\]\((?!https?:)([^)#]+)[^)]*\)/g);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter(({ page, name }) => !existsSync(join(root, dirname(page), name)))).toEqual([]);
  });

  it("shows only pictures that exist, each with its words, and every picture somewhere", () => {
    const shown = pages.flatMap((page) =>
      [...read(page).matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)].map(([, words = "", name = ""]) => ({
        words,
        file: join(dirname(page), name),
      })),
    );
    expect(shown.filter(({ words }) => words.length < 10)).toEqual([]);
    const pictures = files.filter((file) => file.endsWith(".png"));
    expect(pictures.length).toBeGreaterThan(10);
    expect([...new Set(shown.map(({ file }) => file))].toSorted()).toEqual(pictures.toSorted());
    expect(pictures.filter((file) => statSync(join(root, file)).size > MOST_PICTURE_BYTES)).toEqual([]);
  });

  it("lists every page in the navigation, and no page that does not exist", () => {
    const listed = [...read("mkdocs.yml").matchAll(/: ([\w/-]+\.md)$/gm)].map(([, page = ""]) => `docs/${page}`);
    expect(listed.toSorted()).toEqual(pages.filter((page) => page.startsWith("docs/")).toSorted());
  });

  it("tells of each event type who emits and who consumes it, as the code has it", () => {
    const isApart = /\.test\.ts$|\/generated|\/testing\//;
    const own = files.filter((file) => /^subgraphs\/(?!shared\/).*\.ts$/.test(file) && !isApart.test(file));
    const partsOf = (type: string): string[] => [
      ...new Set(own.filter((file) => read(file).includes(`"${type}"`)).map((file) => file.split("/")[1] ?? "")),
    ];
    const types = files.filter((file) => /^schemas\/[\w.]+\.v\d+\.json$/.test(file));
    expect(types.length).toBeGreaterThan(5);
    for (const file of types) {
      const event = JSON.parse(read(file)) as {
        $id: string;
        "x-event": { emitted_by: string[]; consumed_by: string[] };
      };
      const told = new Set([...event["x-event"].emitted_by, ...event["x-event"].consumed_by]);
      expect([event.$id, [...told].toSorted()]).toEqual([event.$id, partsOf(event.$id.slice(0, -5)).toSorted()]);
    }
  });

  it("names only commands, event types and topics that exist", () => {
    const cli = [
      "soma",
      "add-runs",
      "history-commands",
      "add-budgets",
      "add-config",
      "add-keys",
      "add-memory",
      "add-outbox",
      "add-schedules",
      "policy/add-policy",
      "add-somabrain-sync",
      "torture/add-torture",
      "completion/add-completion",
      "bench",
    ]
      .map((file) => read(`infra/cli/${file}.ts`))
      .join("\n");
    const commands = found(/`(?:npx )?soma ([a-z-]+(?: [a-z]+)?)/g).flatMap(({ name }) => name.split(" "));
    expect(commands.filter((word) => !cli.includes(`"${word}"`))).toEqual([]);
    const events = found(/`((?:agent|config|conversation|memory|tool)\.[a-z]+\.v\d)`/g);
    const known = new Set(Object.entries(EVENT_TOPICS).flatMap(([type, topics]) => [type, ...Object.values(topics)]));
    expect(events.filter(({ name }) => !known.has(name))).toEqual([]);
  });
});
