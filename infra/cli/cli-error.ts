import { SomaRequestError } from "@soma/graphql/client";

export const EXIT = { FAILED: 1, USAGE: 2, UNREACHABLE: 3, INTERRUPTED: 130 } as const;

/** An error a person reads: what, which, why, and what to do. */
export class CliError extends Error {
  readonly code: string;
  readonly exitCode: number;

  constructor(message: string, details: { code: string; exitCode?: number; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.name = "CliError";
    this.code = details.code;
    this.exitCode = details.exitCode ?? EXIT.FAILED;
  }

  /** `start` is the command that starts the product. */
  static from(error: unknown, start: string): CliError {
    if (!(error instanceof SomaRequestError))
      return new CliError(error instanceof Error ? error.message : String(error), { code: "INTERNAL", cause: error });
    if (error.code === "UNREACHABLE")
      return new CliError(`${error.message}; is it running? Start it with \`${start}\``, {
        code: error.code,
        exitCode: EXIT.UNREACHABLE,
        cause: error,
      });
    const trace = error.traceId === null ? "" : ` (trace ${error.traceId})`;
    return new CliError(`${error.message}${trace}`, { code: error.code, cause: error });
  }
}
