/** The text of a body; undefined when it is longer than `maxLength` characters, the rest of which is not read then. */
export async function readBounded(response: Response, maxLength: number): Promise<string | undefined> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxLength) return undefined;
  }
  return text + decoder.decode();
}
