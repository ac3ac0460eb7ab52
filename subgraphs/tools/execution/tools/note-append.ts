import { hash } from "node:crypto";
import { access, mkdir, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { defineTool, ToolError } from "@soma/sdk/define-tool";
import { withLock } from "@soma/shared/kernel-lock";
import { replaceFile, syncFolder } from "@soma/shared/replace-file";
import { Type } from "typebox";

const FILE = "^[a-z0-9][a-z0-9-]{0,63}\\.md$";
const MAX_FILE_BYTES = 1_048_576;
/** Note files of a tenant: a model that names a new one each time does not fill the disk. */
const MAX_FILES = 1_000;
/** Beside the notes and not among them, so that people who look at their notes see notes. */
const LOCKS = "note-locks";
/** The lock under which a tenant's new files are counted and made; no note has such a name. */
const NEW_FILES = "new-files";

/**
 * Appends a line to a note file of the tenant, once per idempotency key. The whole file is written beside the old one,
 * flushed, and put in its place: a reader, a crash and a full disk see the file before or after, and a line's key tells
 * that it is there. Each file has a queue in this process, and a lock among all processes that share the data folder. The
 * file of a lock is never deleted, so a note has its own only once it is there: until then all of the tenant share one.
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
    const note = (): Promise<number> => append(path, text, idempotencyKey);
    const noteInOld = (): Promise<number> => withLock(join(locks, file), signal, note);
    const count = await inTurn(path, async () => {
      signal.throwIfAborted();
      await mkdir(locks, { recursive: true, mode: 0o700 });
      if (await isThere(path)) return noteInOld();
      return withLock(join(locks, NEW_FILES), signal, async () => ((await mayBeMade(path)) ? note() : noteInOld()));
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
  await makeFolder(dirname(path));
  await replaceFile(path, content, { mode: 0o600 });
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** False when somebody was faster and it is there. Throws when there are as many as there may be. */
async function mayBeMade(path: string): Promise<boolean> {
  const names = await readdir(dirname(path)).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  if (names.includes(basename(path))) return false;
  const count = names.filter((name) => name.endsWith(".md")).length;
  if (count >= MAX_FILES)
    throw new ToolError("too_many_files", `there are ${count} note files, the most there may be; name one of them`);
  return true;
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  // A new folder is only there after a crash when its parent was flushed.
  for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at));
}
