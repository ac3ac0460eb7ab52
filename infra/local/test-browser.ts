import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findTestProgram } from "./test-programs.ts";

/** Chromium for tests, or why there is none here. */
type TestBrowser = { program: string } | { missing: string };

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * Chromium for tests: the program that SOMA_TEST_CHROMIUM names, else one of this machine. Where there is none, Debian's is
 * installed, if this user may. A test without it is told as not run: every other promise can be shown all the same.
 */
export async function findTestBrowser(): Promise<TestBrowser> {
  const given = process.env.SOMA_TEST_CHROMIUM;
  if (given !== undefined && given !== "") return { program: given };
  const program = await findTestProgram({ names: NAMES, debian: "chromium", works: isBrowser });
  return program === undefined
    ? { missing: "no Chromium on the PATH; install one, or name it: SOMA_TEST_CHROMIUM=/path/to/chrome" }
    : { program };
}

/** Some systems have a script of that name that only says how to get the program. */
async function isBrowser(program: string): Promise<boolean> {
  return promisify(execFile)(program, ["--version"]).then(
    ({ stdout }) => /^(?:Chromium|Google Chrome) /m.test(stdout),
    () => false,
  );
}
