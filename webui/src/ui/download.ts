/** The file never becomes a page of this origin: it is saved under its name. */
export function download(file: Blob, name: string): void {
  const href = URL.createObjectURL(file);
  const link = Object.assign(document.createElement("a"), { href, download: name });
  link.click();
  // Firefox reads it only after the click is over.
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
