import { type ChangeEvent, type ClipboardEvent, type DragEvent, useRef, useState } from "react";
import { type Attachment, addFiles, readFiles, type Taken } from "./attachments.ts";

const NONE: Taken = { files: [], refused: [] };

/** Files that are pasted, dropped or chosen; text that is pasted or dropped goes its own way. */
export function useAttachments() {
  const [taken, setTaken] = useState(NONE);
  // Lots that come at once are read in their order, each beside what is there by then: what was removed or sent stays away.
  const reading = useRef(Promise.resolve());
  const take = (list: FileList | undefined): boolean => {
    const files = [...(list ?? [])];
    if (files.length === 0) return false;
    reading.current = reading.current.then(async () => {
      const read = await readFiles(files);
      setTaken((now) => addFiles(now.files, read));
    });
    return true;
  };
  const remove = (name: string): void =>
    setTaken((now) => ({ files: now.files.filter((file) => file.name !== name), refused: [] }));
  return {
    ...taken,
    remove,
    clear: () => setTaken(NONE),
    /** Files of a message that was not sent, before those that came meanwhile. */
    putBack: (files: readonly Attachment[]) => setTaken((now) => addFiles(files, now.files)),
    onPaste: (event: ClipboardEvent) =>
      !hasWords(event.clipboardData) && take(event.clipboardData.files) && event.preventDefault(),
    onDrop: (event: DragEvent) => take(event.dataTransfer.files) && event.preventDefault(),
    onDragOver: (event: DragEvent) => event.dataTransfer.types.includes("Files") && event.preventDefault(),
    onChoose: ({ target }: ChangeEvent<HTMLInputElement>) => {
      take(target.files ?? undefined);
      // The same file may be chosen again after it was removed.
      target.value = "";
    },
  };
}

/** Tables and documents bring a picture of their text along; a copied file may bring no more text than its name. */
function hasWords(data: DataTransfer): boolean {
  const text = data.getData("text/plain");
  return text !== "" && ![...data.files].every(({ name }) => text.includes(name));
}
