import { statfs } from "node:fs/promises";
import { SomaError } from "@soma/shared/errors";
import type { Check } from "@soma/shared/http/readiness";

/** With less than this even short files cannot be counted on; PostgreSQL itself stops earlier, for want of a segment of its log. */
const LEAST_BYTES = 1_048_576;

/** Throws while a folder's disk has no room left: reading goes on, and only a write would tell. */
export function createDiskCheck(what: string, folder: string): Check {
  return async () => {
    const { blocks, bavail, bsize, files, ffree } = await statfs(folder);
    const left = bavail * bsize;
    // Some count neither, such as a memory disk without a limit.
    if ((blocks === 0 || left >= LEAST_BYTES) && (files === 0 || ffree > 0)) return;
    const detail = blocks === 0 || left >= LEAST_BYTES ? "no file more can be made" : `${left} bytes are left`;
    throw new SomaError("UNAVAILABLE", `the disk of ${what} is full`, { cause: new Error(`${folder}: ${detail}`) });
  };
}
