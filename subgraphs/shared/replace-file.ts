import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

interface How {
  mode?: number;
  /** Whose it is from then on; whoever writes when left out. */
  owner?: { uid: number; gid: number };
}

/**
 * Writes a file so that a reader, and whoever looks after a power cut or on a full disk, finds the old text or the new one,
 * never a part. One writer at a time: what stands beside the file, as `.new`, was left by one that was killed, and is replaced.
 */
export async function replaceFile(path: string, text: string, { mode = 0o644, owner }: How = {}): Promise<void> {
  const aside = `${path}.new`;
  await rm(aside, { force: true });
  const file = await open(aside, "wx", mode);
  try {
    try {
      if (owner !== undefined) {
        await file.chown(owner.uid, owner.gid);
        // The mode as it is: what a process leaves out of each file it makes was left out of this one when it was made.
        await file.chmod(mode);
      }
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** What file systems answer that keep folders in another way. */
const NOT_FOR_FOLDERS = ["EINVAL", "ENOTSUP"];

/** Makes what was made, renamed or removed in a folder last; Windows has no such thing and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    if (!NOT_FOR_FOLDERS.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await handle.close();
  }
}
