import type { Json } from "@soma/schemas/json";
import { signalNameFault } from "@soma/sdk/signal-name";
import { SomaError } from "@soma/shared/errors";

/** Signals one run may be sent in all. */
export const MAX_SIGNALS = 1_000;
/** Name a run waits for whose branches wait for several: any. No signal can have it. */
export const ANY_SIGNAL = "*";
const MAX_PAYLOAD_BYTES = 65_536;

/** A signal has a name that steps wait for, and at most 64 KB of JSON. */
export function checkSignal(name: string, payload: Json): void {
  const fault = signalNameFault(name);
  if (fault !== undefined) throw new SomaError("BAD_INPUT", fault);
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes > MAX_PAYLOAD_BYTES)
    throw new SomaError(
      "PAYLOAD_TOO_LARGE",
      `the signal has ${bytes} bytes of JSON; at most ${MAX_PAYLOAD_BYTES} are allowed`,
    );
}
