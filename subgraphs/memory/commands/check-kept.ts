import { SomaError } from "@soma/shared/errors";
import type { MemoryCallRow } from "../store/tables.ts";

/** Throws ERASED when what a key stands for was forgotten: a late try must not bring it back. */
export function checkKept({ callKey, memoryId, forgottenAt }: MemoryCallRow): void {
  if (forgottenAt !== null)
    throw new SomaError(
      "ERASED",
      `idempotency key "${callKey}" belongs to memory ${memoryId}, which was forgotten at ${forgottenAt.toISOString()}; use a new key to say it anew`,
    );
}
