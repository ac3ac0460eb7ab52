import { type ChangeEvent, type ClipboardEvent, type DragEvent, useRef, useState } from "react";
import { type Taken, takeFiles } from "./attachments.ts";

const NONE: Taken = { files: [], refused: [] };

/** Files that are pasted, dropped or chosen; text that is pasted or dropped goes its own way. */
export function useAttachments() {
  const [taken, setTaken] = useState(NONE);
  // Of two lots that come at once the second is read beside what the first one brought.
  const reading = useRef<Promise<Taken>>(Promise.resolve(NONE));
  const take = (list: FileList | undefined): boolean => {
    const files = [...(list ?? [])];
    if (files.length === 0) return false;
    reading.current = reading.current.then(({ files: before }) => takeFiles(before, files));
    void reading.current.then(setTaken);
    return true;
  };
  const put = (next: Taken): void => {
    reading.current = Promise.resolve(next);
    setTaken(next);
  };
  return {
    ...taken,
    remove: (name: string) => put({ files: taken.files.filter((file) => file.name !== name), refused: [] }),
    clear: () => put(NONE),
    onPaste: (event: ClipboardEvent) => take(event.clipboardData.files) && event.preventDefault(),
    onDrop: (event: DragEvent) => take(event.dataTransfer.files) && event.preventDefault(),
    onDragOver: (event: DragEvent) => event.dataTransfer.types.includes("Files") && event.preventDefault(),
    onChoose: ({ target }: ChangeEvent<HTMLInputElement>) => {
      take(target.files ?? undefined);
      // The same file may be chosen again after it was removed.
      target.value = "";
    },
  };
}
