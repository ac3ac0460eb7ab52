import { toBytes } from "../../ui/words.ts";
import { fenced } from "./fenced.ts";

/** What the server takes as one message. */
export const MAX_BYTES = 32_768;
const MAX_FILES = 8;

/** A file whose text goes with a message. */
export interface Attachment {
  name: string;
  text: string;
  bytes: number;
}

/** What was read of some files, and why others are not taken. */
export interface Taken {
  files: readonly Attachment[];
  refused: readonly string[];
}

/** Characters that are in no text that a person wrote; tab and the ends of lines and pages are. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_TEXT = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/;

/** The text of each file, or why it is none that a message takes. */
export async function readFiles(files: readonly File[]): Promise<(Attachment | string)[]> {
  const read: (Attachment | string)[] = [];
  for (const file of files) read.push(await readFile(file));
  return read;
}

/** What was read, beside the files that are there already; another one of the same name takes its place. */
export function addFiles(before: readonly Attachment[], read: readonly (Attachment | string)[]): Taken {
  return read.reduce<Taken>((taken, each) => (typeof each === "string" ? refuse(taken, each) : add(taken, each)), {
    files: before,
    refused: [],
  });
}

function add(taken: Taken, file: Attachment): Taken {
  const others = taken.files.filter(({ name }) => name !== file.name);
  if (others.length >= MAX_FILES)
    return refuse(taken, `${file.name} is one more than the ${MAX_FILES} files a message takes`);
  return { ...taken, files: [...others, file] };
}

function refuse(taken: Taken, why: string): Taken {
  return { ...taken, refused: [...taken.refused, why] };
}

async function readFile(file: File): Promise<Attachment | string> {
  const name = toName(file.name);
  if (file.size > MAX_BYTES) return `${name} is ${toBytes(file.size)}, and a message takes ${toBytes(MAX_BYTES)}`;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    return NO_TEXT.test(text) ? `${name} is not text` : { name, text, bytes: file.size };
  } catch (error) {
    // A folder that is dropped looks like a file, and cannot be read.
    return error instanceof TypeError ? `${name} is not text` : `${name} could not be read`;
  }
}

function toName(name: string): string {
  return name.replace(/[\s`]+/g, " ").trim() || "file";
}

/** Why a message is too long to be sent; null when it is not. */
export function sizeHint(message: string): string | null {
  const bytes = new TextEncoder().encode(message).length;
  return bytes > MAX_BYTES ? `The message is ${toBytes(bytes)}; ${toBytes(MAX_BYTES)} is the most` : null;
}

/**
 * The message with its files, each in a fence that nothing in it can close, under its name. A fence says that it is text:
 * one that says nothing may be read as code to run.
 */
export function toMessage(text: string, files: readonly Attachment[]): string {
  return [text.trim() === "" ? "" : text, ...files.map(toFence)].filter((part) => part !== "").join("\n\n");
}

function toFence({ name, text }: Attachment): string {
  return `File: ${name}\n${fenced(text, "text")}`;
}
