import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The package a file stands in, by its folder; undefined for the files of the project's own root, tests and lint. */
function packageOf(path: string): string | undefined {
  return /^(conf|gateway|graphql|schemas|webui|infra\/[^/]+|subgraphs\/[^/]+)\//.exec(path)?.[1];
}

/** Tests look into every room they show; files outside of packages wire them. */
function isFree(path: string): boolean {
  return packageOf(path) === undefined || /\.test\.tsx?$|\/testing\/|\.contract\.ts$/.test(path);
}

const IMPORTS: [file: string, imported: string, may: "yes" | "no"][] = [
  // Subgraphs: our packages.
  ["subgraphs/runs/main.ts", "@soma/memory/main", "no"],
  ["subgraphs/runs/commands/x.ts", "@soma/runs/main", "no"],
  ["subgraphs/unborn/commands/x.ts", "@soma/runs/main", "no"],
  ["subgraphs/runs/store/x.ts", "@soma/gateway/app", "no"],
  ["subgraphs/runs/store/x.ts", "@soma/shared/postgres/query", "yes"],
  ["subgraphs/shared/bus/x.ts", "@soma/policy/main", "no"],
  ["subgraphs/shared/bus/x.ts", "@soma/schemas/events", "yes"],
  ["subgraphs/sdk/x.ts", "@soma/shared/errors", "no"],
  ["subgraphs/sdk/x.ts", "@soma/schemas/json", "yes"],
  // Subgraphs: rooms, from any depth.
  ["subgraphs/runs/domain/x.ts", "../store/y.ts", "no"],
  ["subgraphs/runs/domain/deep/x.ts", "../../engine/worker/y.ts", "no"],
  ["subgraphs/runs/domain/x.ts", "./y.ts", "yes"],
  ["subgraphs/runs/store/x.ts", "../models/openai/y.ts", "no"],
  ["subgraphs/runs/store/x.ts", "../commands/y.ts", "no"],
  ["subgraphs/runs/store/x.ts", "../domain/y.ts", "yes"],
  ["subgraphs/runs/engine/worker/x.ts", "../../commands/y.ts", "no"],
  ["subgraphs/tools/execution/sandboxes/child/x.ts", "../../../api/y.ts", "no"],
  ["subgraphs/runs/engine/worker/x.ts", "../../store/y.ts", "yes"],
  ["subgraphs/runs/engine/worker/x.ts", "../execute/y.ts", "yes"],
  ["subgraphs/runs/commands/x.ts", "../api/y.ts", "no"],
  ["subgraphs/policy/commands/x.ts", "../consumers/y.ts", "no"],
  ["subgraphs/policy/commands/x.ts", "../decision/y.ts", "yes"],
  ["subgraphs/policy/consumers/x.ts", "../api/y.ts", "no"],
  ["subgraphs/policy/api/x.ts", "../consumers/y.ts", "no"],
  ["subgraphs/policy/api/x.ts", "../commands/y.ts", "yes"],
  ["subgraphs/policy/main.ts", "./api/y.ts", "yes"],
  // Pure code.
  ["subgraphs/runs/domain/x.ts", "node:fs/promises", "no"],
  ["subgraphs/runs/domain/x.ts", "postgres", "no"],
  ["subgraphs/runs/domain/x.ts", "@soma/shared/postgres/query", "no"],
  ["subgraphs/runs/domain/x.ts", "node:crypto", "yes"],
  ["subgraphs/sdk/x.ts", "node:net", "no"],
  // The gateway and other code on web standards.
  ["gateway/doors/x.ts", "../node/y.ts", "no"],
  ["gateway/doors/sse/x.ts", "../../node/y.ts", "no"],
  ["gateway/doors/x.ts", "../operations/y.ts", "yes"],
  ["gateway/operations/x.ts", "../doors/y.ts", "no"],
  ["gateway/upstream/x.ts", "../operations/y.ts", "no"],
  ["gateway/ground/x.ts", "../upstream/y.ts", "no"],
  ["gateway/upstream/x.ts", "../ground/y.ts", "yes"],
  ["gateway/app.ts", "node:fs", "no"],
  ["gateway/doors/x.ts", "ws", "no"],
  ["gateway/main.node.ts", "node:fs", "yes"],
  ["gateway/node/x.ts", "ws", "yes"],
  ["gateway/app.ts", "@soma/runs/main", "no"],
  ["schemas/run-chain.ts", "node:crypto", "no"],
  ["schemas/validate.ts", "node:fs", "yes"],
  ["graphql/x.ts", "node:http", "no"],
  ["graphql/x.ts", "@soma/shared/errors", "no"],
  ["graphql/x.ts", "@soma/shared/backoff", "yes"],
  // Clients.
  ["infra/cli/x.ts", "@soma/runs/models", "no"],
  ["infra/cli/x.ts", "@soma/graphql/client", "yes"],
  ["webui/src/x.tsx", "@soma/shared/errors", "no"],
  ["webui/src/x.tsx", "@soma/schemas/run-chain", "yes"],
  ["webui/src/ui/x.tsx", "../graphql/y.ts", "no"],
  ["webui/src/run-log/x.ts", "../pages/y.ts", "no"],
  ["webui/src/graphql/x.ts", "../run-log/y.ts", "no"],
  ["webui/src/run-parts/x.tsx", "../pages/y.ts", "no"],
  ["webui/src/run-parts/x.tsx", "../run-log/y.ts", "yes"],
  ["webui/src/markdown/x.tsx", "../ui/y.tsx", "yes"],
  ["webui/src/pages/run/x.tsx", "../../run-log/y.ts", "yes"],
  ["webui/src/pages/run/deep/x.tsx", "../y.ts", "yes"],
  ["webui/src/pages/conversation/x.tsx", "../welcome/y.tsx", "no"],
  ["webui/src/pages/run/x.tsx", "../runs/y.ts", "no"],
  ["webui/src/pages/run/x.tsx", "../../shell/y.tsx", "no"],
  ["webui/src/shell/x.tsx", "../pages/runs/y.tsx", "no"],
  ["webui/src/shell/x.tsx", "../run-log/y.ts", "yes"],
  ["subgraphs/runs/engine/worker/x.ts", "../../agents/y.ts", "no"],
  ["subgraphs/runs/engine/execute/x.ts", "../../peers/y.ts", "no"],
  ["subgraphs/runs/agents/assistant/x.ts", "../../models/y.ts", "no"],
  ["subgraphs/runs/peers/x.ts", "../engine/execute/y.ts", "yes"],
  // Tests look into every room.
  ["subgraphs/runs/domain/x.test.ts", "../store/y.ts", "yes"],
  ["subgraphs/runs/testing/x.ts", "@soma/memory/main", "yes"],
];

const CODE: [title: string, files: Record<string, string>, rules: string[]][] = [
  [
    "an import cycle, of types too",
    {
      "cycle/a.ts": 'import type { B } from "./b.ts";\nexport type A = B[];\n',
      "cycle/b.ts": 'import type { A } from "./a.ts";\nexport type B = A | 1;\n',
    },
    ["lint/suspicious/noImportCycles", "lint/suspicious/noImportCycles"],
  ],
  [
    "a function of 81 lines",
    { "long.ts": functionOf(81), "fits.ts": functionOf(80), "free.test.ts": functionOf(200) },
    ["lint/complexity/noExcessiveLinesPerFunction"],
  ],
  [
    "a transaction of the driver",
    { "subgraphs/runs/store/x.ts": "export const x = (sql: Sql) => sql.begin(work);\n" },
    ["plugin"],
  ],
  [
    "an operation of the page that is text, of any kind",
    {
      "webui/src/a.ts": 'export const a = "query A($id: ID!) { run(id: $id) { id } }";\n',
      "webui/src/b.tsx": "export const b = `\n  mutation {\n    killWorker { id }\n  }\n`;\n",
      "webui/src/pages/run/c.ts":
        "export const c = (id: string) => `subscription { events(of: $" + "{id}) { seq } }`;\n",
      "webui/src/d.ts": 'export const d = "{ viewer { tenant } }";\n',
      "webui/src/e.ts": 'export const e = "fragment F on Run { id }";\n',
      "webui/src/fine.ts": 'export const fine = ["query", "query { }", "a {b} c", "{", "x{2}"];\n',
      "webui/src/x.test.ts": 'export const x = "{ viewer { tenant } }";\n',
      "infra/cli/x.ts": 'export const x = "{ viewer { tenant } }";\n',
    },
    ["plugin", "plugin", "plugin", "plugin", "plugin"],
  ],
];

/** A function with that many lines between its braces, which is what biome counts. */
function functionOf(lines: number): string {
  return `export function long(): void {\n${"  console.log();\n".repeat(lines)}}\n`;
}

interface Finding {
  category: string;
  location: { path: string; start: { line: number } };
}

/** What biome refuses in a folder that has our settings and the given files. */
function lint(files: ReadonlyMap<string, string>): Finding[] {
  const place = mkdtempSync(join(tmpdir(), "soma-lint-"));
  try {
    const { vcs: _, ...settings } = JSON.parse(read("biome.json"));
    for (const [path, text] of [...files, ["biome.json", JSON.stringify(settings)] as const]) {
      mkdirSync(dirname(join(place, path)), { recursive: true });
      writeFileSync(join(place, path), text);
    }
    cpSync(join(root, "lint"), join(place, "lint"), { recursive: true });
    const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
    const options = ["--reporter=json", "--max-diagnostics=none", "--diagnostic-level=error"];
    const { stdout } = spawnSync(process.execPath, [biome, "lint", ".", ...options], { cwd: place, encoding: "utf8" });
    return (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics;
  } finally {
    rmSync(place, { recursive: true });
  }
}

describe("the table of rooms", () => {
  it("refuses every import against the direction and lets every other pass", () => {
    const files = Map.groupBy(IMPORTS, ([file]) => file);
    const text = ([, imported]: (typeof IMPORTS)[number]): string => `import "${imported}";\n`;
    const findings = lint(new Map([...files].map(([file, cases]) => [file, cases.map(text).join("")])));
    const refused = findings.map(({ category, location: { path, start } }) => {
      const [file, imported] = files.get(path)?.[start.line - 1] ?? [path, `line ${start.line}`];
      return `${category}: ${file} imports ${imported}`;
    });
    const expected = IMPORTS.filter(([, , may]) => may === "no").map(
      ([file, imported]) => `lint/style/noRestrictedImports: ${file} imports ${imported}`,
    );
    expect(refused.toSorted()).toEqual(expected.toSorted());
  });

  it("keeps relative imports inside their package", () => {
    const sources = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx"], {
      cwd: root,
      encoding: "utf8",
    });
    const files = sources.split("\n").filter((file) => existsSync(join(root, file)) && !isFree(file));
    expect(files.length).toBeGreaterThan(300);
    const strangers = files.flatMap((file) =>
      [...read(file).matchAll(/(?:from|import)\s*\(?"(\.[^"]+)"/g)]
        .map(([, path = ""]) => join(dirname(file), path))
        .filter((imported) => packageOf(imported) !== packageOf(file))
        .map((imported) => `${file} imports ${imported}: name its package instead`),
    );
    expect(strangers).toEqual([]);
  });
});

describe("biome", () => {
  it.each(CODE)("refuses %s, and nothing less", (_, files, rules) => {
    expect(lint(new Map(Object.entries(files))).map(({ category }) => category)).toEqual(rules);
  });
});
