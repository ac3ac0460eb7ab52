/** Schemes that open something a person asked for; everything else, such as javascript:, is shown as text. */
const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** An address as it may be opened, with the words that tell where it leads; undefined for what is not to be opened. */
export function safeLink(href: string): { href: string; host: string } | undefined {
  const url = URL.parse(href);
  if (url === null || !SCHEMES.has(url.protocol)) return undefined;
  return { href: url.href, host: url.protocol === "mailto:" ? url.pathname : url.host };
}

/** Where an image would come from, for the chip that stands in its place. */
export function imageSource(src: string): string {
  const url = URL.parse(src, "https://this-page.invalid/");
  if (url === null) return "an unreadable address";
  if (url.protocol === "data:") return "the text itself";
  return url.host === "this-page.invalid" ? "this server" : url.host || url.protocol;
}
