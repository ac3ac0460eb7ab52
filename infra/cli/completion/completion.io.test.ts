import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findTestProgram } from "@soma/local/test-programs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../soma.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "soma-completion-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The script of a shell, in a file. */
function script(shell: string): string {
  const file = join(folder, shell);
  writeFileSync(file, execFileSync(process.execPath, [program, "completion", shell]));
  return file;
}

/** How each shell is asked, by its script, what it offers for the last of these words. */
const ASKED: Record<string, (file: string, words: readonly string[]) => string[]> = {
  bash: (file, words) => [
    "--norc",
    "-c",
    `source ${file}; complete -p soma > /dev/null || exit 1; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _soma 2> /dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ...["bash", "soma", ...words],
  ],
  // What the system of zsh does with them is stood in for: it needs a terminal.
  zsh: (file, words) => [
    "-f",
    "-c",
    `compdef() { :; }; _describe() { print -l -- \${(P)2%%:*}; }; compadd() { shift; print -l -- "$@"; }; _files() { print files; }; source ${file}; words=("$@"); CURRENT=$#; _soma`,
    ...["zsh", "soma", ...words],
  ],
  fish: (file, words) => ["--no-config", "-c", `source ${file}; complete -C 'soma ${words.join(" ")}'`],
};

// Debian's lists of packages may have to be read first.
const INSTALL_MS = 240_000;

describe.each(Object.keys(ASKED))("soma completion %s", (shell) => {
  beforeAll(async () => {
    if ((await findTestProgram({ names: [shell], debian: shell })) === undefined)
      throw new Error(
        `this test needs ${shell}, and it is not on the PATH; install it (Debian: apt-get install ${shell})`,
      );
  }, INSTALL_MS);

  it("offers commands, options, choices and files where they fit", () => {
    const file = script(shell);
    const env = { PATH: process.env.PATH ?? "", HOME: folder };
    const offered = (...words: string[]): string[] =>
      execFileSync(shell, ASKED[shell]?.(file, words) ?? [], { encoding: "utf8", cwd: folder, env })
        .split("\n")
        .map((line) => line.split("\t")[0] ?? "")
        .filter((word) => word !== "" && word.startsWith(shell === "zsh" ? "" : (words.at(-1) ?? "")));
    expect(offered("")).toEqual(expect.arrayContaining(["ask", "runs", "completion", "token", "torture"]));
    expect(offered("runs", "")).toEqual(expect.arrayContaining(["list", "show", "fork", "erase"]));
    expect(offered("--port", "1", "--json", "budgets", "")).toContain("raise");
    expect(offered("runs", "list", "--")).toEqual(expect.arrayContaining(["--status", "--watch", "--data"]));
    expect(offered("runs", "show", "--")).toContain("--step");
    expect(offered("runs", "show", "--")).not.toContain("--status");
    expect(offered("runs", "list", "--status", "")).toEqual(expect.arrayContaining(["active", "waiting_approval"]));
    expect(offered("runs", "list", "--limit", "runs", "--s")).toContain("--status");
    expect(offered("completion", "")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
    expect(offered("runs", "list", "--limit", "")).toEqual([]);
    if (shell === "bash") expect(offered("runs", "list", "--status", "=", "fa")).toEqual(["failed"]);
    expect(offered("runs", "replay", "").join()).toMatch(shell === "zsh" ? /^files$/ : new RegExp(shell));
  });
});
