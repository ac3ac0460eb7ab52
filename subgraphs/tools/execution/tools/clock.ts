import { defineTool, ToolError } from "@soma/sdk/define-tool";
import { Type } from "typebox";

/** The time now, in a time zone. */
export default defineTool({
  name: "clock",
  version: "1",
  description: "Gives the current date, time and weekday in a time zone, UTC when none is named.",
  input: Type.Object(
    {
      timezone: Type.Optional(
        Type.String({ minLength: 1, maxLength: 64, description: "IANA name such as Europe/Berlin" }),
      ),
    },
    { additionalProperties: false },
  ),
  risk: "low",
  effect: "pure",
  isolation: "none",
  timeoutMs: 2_000,
  maxOutputBytes: 1_024,
  run: ({ timezone = "UTC" }, context) => formatTime(context.now(), timezone),
});

function formatTime(at: Date, timeZone: string): string {
  let parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>>;
  try {
    parts = Object.fromEntries(
      formatter(timeZone)
        .formatToParts(at)
        .map(({ type, value }) => [type, value]),
    );
  } catch (cause) {
    throw new ToolError(
      "unknown_timezone",
      `"${timeZone}" is not a time zone; use an IANA name such as Europe/Berlin`,
      { cause },
    );
  }
  const offset = (parts.timeZoneName ?? "").replace("GMT", "");
  const iso = `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}${offset === "" || offset === "+00:00" ? "Z" : offset}`;
  return `${iso} (${parts.weekday}, ${timeZone})`;
}

function formatter(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "long",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "longOffset",
  });
}
