/** Integrity violations (23) and values the server cannot take (22): trying the same again cannot help. */
export function isDataFault(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^(22|23)/.test(error.code);
}
