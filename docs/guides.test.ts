import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const root = new URL("../", import.meta.url);
const GUIDES = ["upgrade", "backup", "release"];

const README = "tests/system/first-minutes/readme.test.ts";
const RELEASE = "infra/release/release.io.test.ts";
const CHECKLIST = "tests/system/on-kafka/on-kafka.test.ts";
const REPLAY = "infra/cli/replay-live.io.test.ts";
/** Each command of the guides: the test that runs it, or why none does. */
const RUN_BY: Readonly<Record<string, string | { none: string }>> = {
  "kill $(cat .soma/pid)": README,
  "cp -a .soma BACKUP": README,
  "cp -a BACKUP .soma": README,
  "npm start": README,
  "npx soma doctor": README,
  "npx soma runs list": README,
  "npx soma runs show RUN": README,
  "npx soma replay --live 10000": REPLAY,
  "export DEPLOY_MODE=prod RELEASE_REGISTRY=registry.example.com/soma RELEASE_TAG=1.2.3": RELEASE,
  "DRY_RUN=1 infra/release.sh deploy": RELEASE,
  "infra/release.sh deploy": { none: "No cluster was at hand" },
  "infra/release.sh validate": RELEASE,
  "SOMA_TOKEN=TOKEN node_modules/.bin/node infra/release/validate/main.ts --url https://soma.example.com --json report.json":
    CHECKLIST,
  "git pull": { none: "it is git's" },
  'pg_dump --format=custom --file=soma.dump "$OWNER_DATABASE_URL"': { none: "no test of ours runs them" },
  'pg_dumpall --roles-only --file=roles.sql --dbname="$OWNER_DATABASE_URL"': { none: "no test of ours runs them" },
  'psql --file=roles.sql "$NEW_SERVER_URL"': { none: "no test of ours runs them" },
  'pg_restore --exit-on-error --dbname="$NEW_DATABASE_URL" soma.dump': { none: "no test of ours runs them" },
};

const guide = (name: string): string => readFileSync(new URL(`docs/operator/${name}.md`, root), "utf8");
const commandsOf = (text: string): string[] =>
  [...text.matchAll(/^```\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) => block.trim().split("\n"));

describe("the guides of operators", () => {
  it.each(GUIDES)("%s has no command that neither a test runs nor a reason stands for", (name) => {
    const commands = commandsOf(guide(name));
    expect(commands.length).toBeGreaterThan(3);
    expect(commands.filter((command) => RUN_BY[command] === undefined)).toEqual([]);
  });

  it("names tests that are there, and tells the reader what no test runs", () => {
    for (const [command, by] of Object.entries(RUN_BY)) {
      if (typeof by === "string") expect([command, existsSync(new URL(by, root))]).toEqual([command, true]);
      else if (by.none !== "it is git's") expect(GUIDES.some((name) => guide(name).includes(by.none))).toBe(true);
    }
  });

  it("sizes by figures that stand in the pages they are from", () => {
    const pages = {
      "developer/engine-costs": [
        "| ours | 606 | 3 323 | 5 991 |",
        "125 us of the server",
        "| 20 000 | 131.8 | 40 003 | 323 |",
      ],
      "messaging/promises": ["| 1 of ours | 20 456 |"],
      "developer/take-over": ["| SIGKILL, 50 times | 512 |"],
    };
    for (const [page, figures] of Object.entries(pages)) {
      const text = readFileSync(new URL(`docs/${page}.md`, root), "utf8");
      for (const figure of figures) expect(text).toContain(figure);
    }
    for (const figure of ["606, 3 323, 5 991", "125 µs", "323 MB", "20 456", "512 ms"])
      expect(guide("sizing")).toContain(figure);
  });
});
