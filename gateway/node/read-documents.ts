import { readdir, readFile } from "node:fs/promises";
import { isRecord } from "@soma/schemas/json";
import { SomaError } from "@soma/shared/errors";
import { createRegisteredDocuments, type RegisteredDocuments } from "../operations/registered-documents.ts";

const OWN = new URL("../../graphql/operations/", import.meta.url);

/** The documents of our own clients, which a gateway of registered ones takes as well, and those of the operator's file. */
export async function readRegisteredDocuments({
  file,
  only,
}: {
  file: string;
  only: boolean;
}): Promise<RegisteredDocuments> {
  const byId = file === "" ? {} : await readFileOf(file);
  const names = only ? (await readdir(OWN)).filter((name) => name.endsWith(".graphql")) : [];
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, OWN), "utf8")));
  return createRegisteredDocuments({ byId, texts, only });
}

async function readFileOf(file: string): Promise<Record<string, string>> {
  const faulty = (cause?: unknown): SomaError =>
    new SomaError("BAD_INPUT", `SOMA_GATEWAY_DOCUMENTS_FILE: ${file} is not a JSON object of documents by id`, {
      cause,
    });
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new SomaError("BAD_INPUT", `SOMA_GATEWAY_DOCUMENTS_FILE: ${file} cannot be read`, { cause });
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw faulty(cause);
  }
  if (!isRecord(parsed) || !Object.values(parsed).every((each) => typeof each === "string")) throw faulty();
  return parsed as Record<string, string>;
}
