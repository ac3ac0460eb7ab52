import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Mutation } from "./mutations.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LIMIT_MS = 120_000;

/** Sources to break: those of the working tree are never changed. */
export interface Copy {
  folder: string;
  remove(): void;
}

/** What a test said of a mutation; `BROKEN` is a fault of the table or of the surroundings, not of the test. */
export interface Verdict {
  outcome: "NOTICED" | "PASSED_OVER" | "BROKEN";
  why: string;
  ms: number;
}

/** All files that git knows or would take, with the same packages; ours are those of the copy. */
export function copySources(): Copy {
  const folder = mkdtempSync(join(tmpdir(), "soma-mutant-"));
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  for (const file of listed.toString().split("\0").filter(isNeeded))
    cpSync(join(ROOT, file), join(folder, file), { recursive: true });
  const packages = join(ROOT, "node_modules");
  mkdirSync(join(folder, "node_modules/@soma"), { recursive: true });
  for (const name of readdirSync(packages))
    if (name !== "@soma" && !name.startsWith("."))
      symlinkSync(join(packages, name), join(folder, "node_modules", name));
  for (const name of readdirSync(join(packages, "@soma"))) {
    const place = relative(realpathSync(ROOT), realpathSync(join(packages, "@soma", name)));
    symlinkSync(join(folder, place), join(folder, "node_modules/@soma", name));
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Files that git still lists after they were removed are not there; what no test of an engine reads stays behind. */
function isNeeded(file: string): boolean {
  return file !== "" && !/^(docs|webui)\//.test(file) && existsSync(join(ROOT, file));
}

export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** A text with a mutation made in it, or why it cannot be made. */
export function breakText(sound: string, { file, edits }: Mutation): { broken: string } | { fault: string } {
  let broken = sound;
  for (const [text, replacement] of edits) {
    const places = broken.split(text).length - 1;
    if (places !== 1)
      return { fault: `${file} has the text of the mutation ${places} times, not once: ${text.trim()}` };
    broken = broken.replace(text, () => replacement);
  }
  return { broken };
}

/** Breaks one place of a copy, runs the test that has to notice, and mends it again. */
export async function tryMutation({ folder }: Copy, mutation: Mutation): Promise<Verdict> {
  const path = join(folder, mutation.file);
  const sound = readFileSync(path, "utf8");
  const startedAt = performance.now();
  const verdict = (outcome: Verdict["outcome"], why: string): Verdict => ({
    outcome,
    why,
    ms: Math.round(performance.now() - startedAt),
  });
  const made = breakText(sound, mutation);
  if ("fault" in made) return verdict("BROKEN", made.fault);
  writeFileSync(path, made.broken);
  try {
    const { passed, failed, said } = await runTest(folder, mutation);
    if (passed + failed === 0) return verdict("BROKEN", `${mutation.test} ran no test "${mutation.title}": ${said}`);
    return failed > 0 ? verdict("NOTICED", said) : verdict("PASSED_OVER", `${mutation.test} is green`);
  } finally {
    writeFileSync(path, sound);
  }
}

/** What is read of a report of vitest. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { assertionResults: { failureMessages: string[] }[] }[];
}

/** A test that could not begin, as its set-up failed, has neither passed nor failed. */
function runTest(folder: string, { test, title }: Mutation): Promise<{ passed: number; failed: number; said: string }> {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const report = join(folder, "report.json");
  rmSync(report, { force: true });
  const pattern = title.replaceAll(/[^\w ]/g, ".");
  const project = test.endsWith(".pg.test.ts") ? "postgres" : test.endsWith(".io.test.ts") ? "io" : "pure";
  const args = ["run", "--project", project, "--reporter=json", `--outputFile=${report}`, "-t", pattern, test];
  return new Promise((resolve) => {
    execFile(process.execPath, [vitest, ...args], { cwd: folder, timeout: LIMIT_MS }, (_error, _stdout, stderr) => {
      const said = stderr.slice(-500);
      if (!existsSync(report)) return resolve({ passed: 0, failed: 0, said });
      const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
      const failures = testResults.flatMap(({ assertionResults }) =>
        assertionResults.flatMap(({ failureMessages }) => failureMessages),
      );
      const [first = said] = failures.map((failure) => failure.split("\n", 1)[0] ?? "");
      resolve({ passed: numPassedTests, failed: numFailedTests, said: first });
    });
  });
}
