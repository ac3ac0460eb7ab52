import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What mkdocs-material asks for. */
const NEEDED_MINOR = 11;
const NAMES = process.platform === "win32" ? ["py", "python"] : ["python3", "python"];
/** One question for all that is needed: the version, pip with `--python`, and venv. */
const LOOK = "import sys, venv, pip; print(sys.version_info[1], pip.__version__)";

/** A Python that packages can be installed with, or why there is none here. */
export type Python = { program: string } | { missing: string };

/** Looks on the PATH; `names` are tried in turn. Nothing of the product needs Python: the site of the documentation and the scan do. */
export async function findPython(names: readonly string[] = NAMES): Promise<Python> {
  let why = `no Python on the PATH; install Python 3.${NEEDED_MINOR} or newer with its pip and venv`;
  for (const program of names) {
    const found = await look(program);
    if (found === undefined) return { program };
    if (found !== "") why = found;
  }
  return { missing: why };
}

/** Undefined when it can be used, empty when it is not there, else what it lacks. */
async function look(program: string): Promise<string | undefined> {
  const answered = await promisify(execFile)(program, ["-c", LOOK], { timeout: 30_000 }).catch(
    (error: { code?: unknown; stderr?: string }) => error,
  );
  if ("code" in answered && answered.code === "ENOENT") return "";
  const said = "stdout" in answered ? String(answered.stdout) : "";
  const [, minor, pip] = /^(\d+) (\d+(?:\.\d+)?)/.exec(said) ?? [];
  if (minor === undefined)
    return `${program} has no pip or no venv; on Debian: apt-get install python3-pip python3-venv`;
  if (Number(minor) < NEEDED_MINOR) return `${program} is 3.${minor}; 3.${NEEDED_MINOR} or newer is needed`;
  return Number(pip) < 22.3 ? `the pip of ${program} is ${pip}; 22.3 or newer is needed` : undefined;
}
