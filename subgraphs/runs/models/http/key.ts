/** What keeps an address and a key from being used, in words; undefined when they can be. Never holds the key. */
export function settingsFault(baseUrl: string, apiKey: string | undefined): string | undefined {
  if (!URL.canParse(baseUrl)) return "its baseUrl is not a URL";
  const url = new URL(baseUrl);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return `its baseUrl begins with ${url.protocol}, not with http: or https:`;
  if (url.username !== "" || url.password !== "")
    return "its baseUrl holds a user name or password; give the key through its environment variable";
  if (apiKey !== undefined && !/^[\x21-\x7e]*$/.test(apiKey.trim()))
    return "its key holds characters that an HTTP header cannot carry";
  return undefined;
}

/**
 * Azure takes a key in a header of its own, and a token of a person where others take keys; an endpoint that its
 * machine learning runs takes both where others do.
 */
export function keyHeaders(hostname: string, key: string): Record<string, string> {
  if (key === "") return {};
  const isAzure = /(?<!\.inference\.ml)\.azure(?:-api\.net|\.com|\.us|\.cn)$/.test(hostname);
  return isAzure && !key.startsWith("ey") ? { "api-key": key } : { authorization: `Bearer ${key}` };
}
