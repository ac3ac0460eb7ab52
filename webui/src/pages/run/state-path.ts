import { pointerParts } from "../../ui/json-pointer.ts";

/** A JSON pointer (RFC 6901) as people write a place: `messages[7].content`; empty for the whole. */
export function toPlaceWords(pointer: string): string {
  return pointerParts(pointer)
    .map((part, index) => {
      if (/^\d+$/.test(part)) return `[${part}]`;
      if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join("");
}
