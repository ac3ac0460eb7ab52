import { randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseQuietly, reasonOf } from "@soma/shared/config";
import { type KeyUse, parseKeys, type TimedKey } from "@soma/shared/identity/key-ring";
import { createKeyPair, rotateKeys, toTime } from "@soma/shared/identity/rotate-keys";
import { replaceFile } from "@soma/shared/replace-file";

/**
 * What `soma keys rotate` runs: a new pair of keys in the two files of a purpose, NAME-private.json and NAME-public.json, as
 * one JSON object `{report}`, or `{error}`. The command is a client and makes no keys.
 */
const NAMES: readonly string[] = ["internal", "decision"];
const OWNER_ALONE = 0o600;

interface Asked {
  name: string;
  dir: string;
  afterS: number;
  keepS: number;
}

interface RotationReport {
  name: string;
  /** Id of the new key. */
  kid: string;
  beginsAt: string;
  /** The keys that verify now, and until when; null while nothing follows them. */
  verifying: { kid: string | null; until: string | null }[];
  files: { private: string; public: string };
}

export async function rotateKeyFiles({ name, dir, afterS, keepS }: Asked, now: Date): Promise<RotationReport> {
  if (!NAMES.includes(name)) throw new Error(`there are no keys "${name}"; there are ${NAMES.join(", ")}`);
  const files = { private: join(dir, `${name}-private.json`), public: join(dir, `${name}-public.json`) };
  const before = { signing: await readKeys(files.private, "sign"), verifying: await readKeys(files.public, "verify") };
  checkPair(before, files);
  const nowS = Math.floor(now.getTime() / 1_000);
  const kid = `${name}-${now.toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${randomBytes(3).toString("hex")}`;
  const after = rotateKeys(before, { next: await createKeyPair(kid), nowS, afterS, keepS });
  await mkdir(dir, { recursive: true });
  // Who verifies first: a new key that signs and that nobody knows would be refused, if this ended in between.
  await write(files.public, after.verifying, 0o644);
  await write(files.private, after.signing, OWNER_ALONE);
  return {
    name,
    kid,
    beginsAt: toTime(after.beginsAtS),
    verifying: after.verifying.map((key) => ({
      kid: key.kid ?? null,
      until: key.exp === undefined ? null : toTime(key.exp),
    })),
    files,
  };
}

/** None when the file is not there. */
async function readKeys(file: string, use: KeyUse): Promise<readonly TimedKey[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Error(`${file} cannot be read: ${error.message}`, { cause: error });
  });
  if (text === undefined) return [];
  try {
    return parseKeys(parseQuietly(text), use);
  } catch (error) {
    throw new Error(`${file} ${reasonOf(error)}`);
  }
}

/** Keys that sign and that nobody would verify are of two different places. */
function checkPair(
  { signing, verifying }: { signing: readonly TimedKey[]; verifying: readonly TimedKey[] },
  files: RotationReport["files"],
): void {
  const known = new Set(verifying.map(publicPart));
  if (signing.some((key) => !known.has(publicPart(key))))
    throw new Error(`${files.private} has a key that is not in ${files.public}; they do not belong together`);
}

function publicPart(key: TimedKey): unknown {
  return "x" in key ? key.x : undefined;
}

function write(file: string, keys: readonly TimedKey[], mode: number): Promise<void> {
  return replaceFile(file, `${JSON.stringify({ keys }, null, 2)}\n`, { mode });
}

function readOptions(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { dir: { type: "string" }, after: { type: "string" }, keep: { type: "string" } },
  });
  const { dir = ".", after = "", keep = "" } = values;
  return { name: positionals[0] ?? "", dir, afterS: Number(after), keepS: Number(keep) };
}

async function answer(): Promise<object> {
  try {
    return { report: await rotateKeyFiles(readOptions(process.argv.slice(2)), new Date()) };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await answer())}\n`);
