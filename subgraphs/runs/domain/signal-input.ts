import type { Json } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";

/** Signals one run may be sent in all. */
export const MAX_SIGNALS = 1_000;
const MAX_PAYLOAD_BYTES = 65_536;
const NAME = /^[a-z][a-z0-9_.-]{0,63}$/;

/** A signal has a name that steps wait for, and at most 64 KB of JSON. */
export function checkSignal(name: string, payload: Json): void {
  if (!NAME.test(name))
    throw new SomaError(
      "BAD_INPUT",
      `the signal name "${name.slice(0, 80)}" is not 1 to 64 of a-z, 0-9, _, . and -, a letter first`,
    );
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes > MAX_PAYLOAD_BYTES)
    throw new SomaError(
      "PAYLOAD_TOO_LARGE",
      `the signal has ${bytes} bytes of JSON; at most ${MAX_PAYLOAD_BYTES} are allowed`,
    );
}
