import { randomBytes } from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseQuietly, reasonOf } from "@soma/shared/config";
import { type KeyUse, parseKeys, type TimedKey } from "@soma/shared/identity/key-ring";
import { createKeyPair, rotateKeys, toTime } from "@soma/shared/identity/rotate-keys";
import { tryLock } from "@soma/shared/kernel-lock";
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

/** One at a time: two that read the same files would each leave out the key of the other. */
export async function rotateKeyFiles(asked: Asked, now: Date): Promise<RotationReport> {
  checkAsked(asked);
  const { name, dir } = asked;
  await mkdir(dir, { recursive: true });
  const lock = tryLock(join(dir, `.${name}.lock`));
  if (lock === undefined)
    throw new Error(`another command changes the keys "${name}" now; try again when it has ended`);
  try {
    return await rotateLocked(asked, now);
  } finally {
    lock.release();
  }
}

/** Times that are none would make keys that no part takes. */
function checkAsked({ name, afterS, keepS }: Asked): void {
  if (!NAMES.includes(name)) throw new Error(`there are no keys "${name}"; there are ${NAMES.join(", ")}`);
  for (const [option, seconds] of Object.entries({ after: afterS, keep: keepS }))
    if (!Number.isInteger(seconds) || seconds < 0) throw new Error(`--${option} is not a whole number of seconds`);
}

async function rotateLocked({ name, dir, afterS, keepS }: Asked, now: Date): Promise<RotationReport> {
  const files = { private: join(dir, `${name}-private.json`), public: join(dir, `${name}-public.json`) };
  const before = { signing: await readKeys(files.private, "sign"), verifying: await readKeys(files.public, "verify") };
  checkPair(before, files);
  const nowS = Math.floor(now.getTime() / 1_000);
  const kid = `${name}-${now.toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${randomBytes(3).toString("hex")}`;
  const after = rotateKeys(before, { next: await createKeyPair(kid), nowS, afterS, keepS });
  // If this ends between two of these, whatever signs is verified, and another rotation goes on from there: the keys before
  // get their end only when the new one is there to follow them.
  await write(files.public, after.announced, 0o644);
  await write(files.private, after.signing, OWNER_ALONE);
  await write(files.public, after.verifying, 0o644);
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
  const text = await readFile(file, "utf8")
    .catch(unlessMissing)
    .catch((error: unknown) => {
      throw new Error(`${file} cannot be read: ${reasonOf(error)}`, { cause: error });
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

/** A file that is there stays whose it was: parts that could read it can read it still. */
async function write(file: string, keys: readonly TimedKey[], mode: number): Promise<void> {
  try {
    const before = await stat(file).catch(unlessMissing);
    const kept = before === undefined ? { mode } : { mode: before.mode & 0o777, owner: before };
    await replaceFile(file, `${JSON.stringify({ keys }, null, 2)}\n`, kept);
  } catch (error) {
    throw new Error(`${file} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

function readOptions(args: readonly string[]): Asked {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { dir: { type: "string" }, after: { type: "string" }, keep: { type: "string" } },
  });
  const { dir = ".", after = "", keep = "" } = values;
  // One that is left out is not 0, which would end every key at once.
  const toSeconds = (text: string): number => (text === "" ? Number.NaN : Number(text));
  return { name: positionals[0] ?? "", dir, afterS: toSeconds(after), keepS: toSeconds(keep) };
}

async function answer(): Promise<object> {
  try {
    return { report: await rotateKeyFiles(readOptions(process.argv.slice(2)), new Date()) };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await answer())}\n`);
