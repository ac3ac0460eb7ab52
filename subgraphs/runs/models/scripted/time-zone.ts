/** The IANA name of a zone or of a city that has one ("utc", "europe/berlin", "New York", "Zürich"); undefined when there is none. */
export function findTimeZone(place: string): string | undefined {
  if (place.length > 64) return undefined;
  const name = place.trim().normalize("NFD").replaceAll(/\p{M}/gu, "").replaceAll(/\s+/g, "_");
  const zone = Intl.supportedValuesOf("timeZone").find(
    (known) => known.toLowerCase() === name.toLowerCase() || cityOf(known) === name.toLowerCase(),
  );
  if (zone !== undefined) return zone;
  if (!/^[a-z]/i.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function cityOf(zone: string): string {
  return zone.slice(zone.lastIndexOf("/") + 1).toLowerCase();
}
