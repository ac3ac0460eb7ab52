import { hash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { defineTool, ToolError } from "@soma/sdk/define-tool";
import { withLock } from "@soma/shared/kernel-lock";
import { Type } from "typebox";

const FILE = "^[a-z0-9][a-z0-9-]{0,63}\\.md$";
const MAX_FILE_BYTES = 1_048_576;
/** Note files of a tenant: a model that names a new one each time does not fill the disk. */
const MAX_FILES = 1_000;
/** Beside the notes and not among them, so that people who look at their notes see notes. */
const LOCKS = "note-locks";
/** A temporary file this old belongs to a process that died; no write takes a tenth of it. */
const STALE_MS = 60_000;

/**
 * Appends a line to a note file of the tenant, once per idempotency key. The whole file is written beside the old one,
 * flushed, and put in its place: a reader, a crash and a full disk see the file before or after, and a line's key tells
 * that it is there. Each file has a queue in this process, and a lock among all processes that share the data folder.
 */
export default defineTool({
  name: "note_append",
  version: "1",
  description: "Appends a line to a Markdown note file and keeps it.",
  input: Type.Object(
    {
      text: Type.String({ minLength: 1, maxLength: 8_000, description: "what to note; line breaks become <br>" }),
      file: Type.Optional(
        Type.String({ pattern: FILE, description: "file name such as ideas.md; notes.md when left out" }),
      ),
    },
    { additionalProperties: false },
  ),
  risk: "medium",
  effect: "idempotent",
  isolation: "none",
  timeoutMs: 10_000,
  maxOutputBytes: 1_024,
  async run({ text, file = "notes.md" }, { dataDir, tenant, idempotencyKey, signal }) {
    const path = join(dataDir, "notes", tenant, file);
    const locks = join(dataDir, LOCKS, tenant);
    const count = await inTurn(path, async () => {
      signal.throwIfAborted();
      // Before there is a lock for it: the file of a lock is never deleted.
      await checkCount(path);
      await mkdir(locks, { recursive: true, mode: 0o700 });
      return withLock(join(locks, file), signal, () => append(path, text, idempotencyKey));
    });
    return `noted in ${file}, which has ${count} ${count === 1 ? "line" : "lines"}`;
  },
});

const queues = new Map<string, Promise<unknown>>();

/** One after the other per file. */
async function inTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
  const mine = (queues.get(path) ?? Promise.resolve()).then(work, work);
  queues.set(path, mine);
  try {
    return await mine;
  } finally {
    if (queues.get(path) === mine) queues.delete(path);
  }
}

async function append(path: string, text: string, idempotencyKey: string): Promise<number> {
  const mark = `<!-- key:${hash("sha256", idempotencyKey, "hex").slice(0, 32)} -->`;
  const before = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines = toLines(before);
  if (lines.some((line) => line.endsWith(mark))) {
    // The rename of an earlier attempt may not have reached the disk yet.
    await syncFolder(dirname(path));
    return lines.length;
  }
  lines.push(`- ${text.replaceAll(/\r\n|\r|\n/g, "<br>")} ${mark}`);
  await replace(path, `${lines.join("\n")}\n`);
  return lines.length;
}

/** Whole lines. A last line without its end that breaks off inside its key was torn; its writer never learned of success and comes again. */
function toLines(content: string): string[] {
  const lines = content.split("\n");
  const last = lines.pop() ?? "";
  if (last !== "" && !/<!--(?!.*-->)/.test(last)) lines.push(last);
  return lines;
}

async function replace(path: string, content: string): Promise<void> {
  const bytes = Buffer.byteLength(content);
  if (bytes > MAX_FILE_BYTES)
    throw new ToolError(
      "file_full",
      `the file would have ${bytes} bytes; at most ${MAX_FILE_BYTES} fit, so name another file`,
    );
  const folder = dirname(path);
  await makeFolder(folder);
  await removeStale(path);
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

async function checkCount(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const count = names.filter((name) => name.endsWith(".md")).length;
  if (count >= MAX_FILES && !names.includes(basename(path)))
    throw new ToolError("too_many_files", `there are ${count} note files, the most there may be; name one of them`);
}

/** Temporary files of the note that a killed process left behind. */
async function removeStale(path: string): Promise<void> {
  const mine = (await readdir(dirname(path))).filter(
    (name) => name.startsWith(`${basename(path)}.`) && name.endsWith(".tmp"),
  );
  for (const name of mine) {
    const file = join(dirname(path), name);
    const age = await stat(file).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > STALE_MS) await rm(file, { force: true });
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  // A new folder is only there after a crash when its parent was flushed.
  for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
