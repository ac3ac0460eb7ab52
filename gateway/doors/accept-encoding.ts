/** Codings a file of the web UI may be kept in, the smallest first. */
const ENCODINGS = ["br", "gzip"] as const;

export type Encoding = (typeof ENCODINGS)[number];

/** Those a caller takes, the one it likes best first and the smallest among equals; without the header, none. */
export function chooseEncodings(acceptEncoding: string | null): Encoding[] {
  const weights = new Map((acceptEncoding ?? "").split(",").map(parseCoding));
  const weightOf = (encoding: Encoding): number => weights.get(encoding) ?? weights.get("*") ?? 0;
  return ENCODINGS.filter((encoding) => weightOf(encoding) > 0).sort((a, b) => weightOf(b) - weightOf(a));
}

function parseCoding(text: string): [coding: string, weight: number] {
  const [coding = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
  return [coding === "x-gzip" ? "gzip" : coding, Number.isNaN(weight) ? 0 : weight];
}
