import { CliError, EXIT } from "./cli-error.ts";

const MAX_BYTES = 1_000_000;

/** What to ask: the text, or what is piped in when the text is `-` or left out. */
export async function readQuestion(
  text: string | undefined,
  stdin: AsyncIterable<Uint8Array> & { isTTY?: boolean },
): Promise<string> {
  if (text !== undefined && text !== "-") return text;
  if (text === undefined && stdin.isTTY === true) throw usage("say what to ask, or pipe it in: soma ask TEXT");
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw usage(`the question is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const question = Buffer.concat(chunks).toString("utf8").trim();
  if (question === "") throw usage("nothing was piped in; say what to ask: soma ask TEXT");
  return question;
}

function usage(message: string): CliError {
  return new CliError(message, { code: "BAD_INPUT", exitCode: EXIT.USAGE });
}
