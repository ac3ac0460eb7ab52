import type { SomaError } from "@soma/shared/errors";
import { callAt } from "../ground/deadline.ts";
import type { Identified } from "../ground/identity.ts";
import { expiredError, revokedError } from "../operations/refusal.ts";

/** Does the work once what a caller proved is over: its token has expired, or is revoked. The function calls it off. */
export function whenOver({ expiresAt, proof }: Identified, work: (error: SomaError) => void): () => void {
  const callOff: (() => void)[] = [];
  let isOver = false;
  function stop(): void {
    isOver = true;
    for (const each of callOff) each();
  }
  function end(error: SomaError): void {
    if (isOver) return;
    stop();
    work(error);
  }
  const look = (): void => {
    if (proof?.isRevoked() === true) end(revokedError());
  };
  callOff.push(callAt(expiresAt.getTime(), () => end(expiredError())));
  if (proof !== undefined) callOff.push(proof.onRevocations(look));
  // What was revoked before there was anybody to hear it.
  look();
  if (isOver) stop();
  return stop;
}
