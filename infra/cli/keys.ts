import { fileURLToPath } from "node:url";
import { askProgram } from "./ask-program.ts";
import { print, printJson, printTable, safe } from "./print.ts";

/** The installation's own program: it makes keys, a client of the product does not. */
const PROGRAM = fileURLToPath(new URL("../keys/rotate-key-files.ts", import.meta.url));

interface RotationReport {
  name: string;
  kid: string;
  beginsAt: string;
  verifying: { kid: string | null; until: string | null }[];
  files: { private: string; public: string };
}

interface RotateOptions {
  name: string;
  dir: string;
  /** Seconds. */
  after: number;
  keep: number;
  json: boolean;
}

/** A new key in the files of a purpose, which the parts read by themselves. */
export async function rotateKeys({ name, dir, after, keep, json }: RotateOptions, program = PROGRAM): Promise<void> {
  const report = await askProgram<RotationReport>({
    program,
    args: [name, "--dir", dir, "--after", String(after), "--keep", String(keep)],
    lacks: "whose keys could change",
    failed: { what: `the keys "${name}" stay as they are`, code: "NO_ROTATION" },
  });
  if (json) return printJson(report);
  print(safe(`${report.kid} signs from ${report.beginsAt} on; the files are written:`));
  for (const file of [report.files.private, report.files.public]) print(safe(`  ${file}`));
  print("");
  printTable(
    ["VERIFIES", "UNTIL"],
    report.verifying.map(({ kid, until }) => [safe(kid ?? "a key without an id"), until ?? "-"]),
  );
}
