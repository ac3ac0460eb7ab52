/** Thrown where nobody catches it: a consumer that stopped would let events wait while its process looks well. */
export function endProcess(error: Error): void {
  setImmediate(() => {
    throw error;
  });
}
