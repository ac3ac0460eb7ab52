import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BALLAST = "ballast";
const CHUNK = Buffer.alloc(65_536);

/** Whether this process may mount small volumes, as root on a machine of its own may. */
export function canMount(): boolean {
  const place = join(tmpdir(), `soma-mount-${process.pid}`);
  try {
    mkdirSync(place);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", place], { stdio: "ignore" });
    execFileSync("umount", [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

export interface Volume {
  unmount(): void;
}

/** A small volume in the place of a folder, with all that was in it. */
export function moveToVolume(folder: string, megabytes: number): Volume {
  const aside = `${folder}.aside`;
  execFileSync("mv", [folder, aside]);
  return mountWith(aside, folder, megabytes);
}

/** A small volume in a place, with all that another folder has, which goes. */
export function mountWith(content: string, folder: string, megabytes: number): Volume {
  const { uid, gid, mode } = statSync(content);
  mkdirSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
  execFileSync("cp", ["-a", `${content}/.`, folder]);
  chownSync(folder, uid, gid);
  chmodSync(folder, mode & 0o777);
  rmSync(content, { recursive: true });
  return { unmount: () => void execFileSync("umount", ["--lazy", folder]) };
}

/** Leaves no byte free on the volume of a folder. */
export function fill(folder: string): void {
  const file = openSync(join(folder, BALLAST), "a");
  try {
    for (let size = CHUNK.length; size >= 1; ) {
      try {
        writeSync(file, CHUNK, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

export function makeRoom(folder: string): void {
  rmSync(join(folder, BALLAST), { force: true });
}
