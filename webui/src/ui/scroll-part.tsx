import type { ComponentProps, ReactNode } from "react";

interface ScrollPartProps extends Omit<ComponentProps<"section">, "aria-label" | "tabIndex"> {
  /** What it is called for those who listen. */
  label: string;
  as?: "section" | "aside" | "figure";
}

/** A part that scrolls: it takes the focus, so that keys can scroll it, and has a name to be told by. */
export function ScrollPart({ as: Tag = "section", label, ...rest }: ScrollPartProps): ReactNode {
  return <Tag tabIndex={0} aria-label={label} {...rest} />;
}
