import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import styles from "./api-page.module.css";
import type { KnownSchema } from "./load-schema.ts";

/** Where the schema is not known: nothing is completed or checked then, and any document can be asked all the same. */
export function SchemaNote({ known }: { known: KnownSchema }): ReactNode {
  if (known.state === "off")
    return (
      <p className={styles.note} role="note">
        This server does not tell its schema (<code>SOMA_GATEWAY_INTROSPECTION</code>,{" "}
        <code>SOMA_GATEWAY_DOCUMENTS</code>): there is nothing to complete, to look up or to download. The examples can
        be asked all the same.
      </p>
    );
  if (known.state !== "failed") return null;
  return (
    <p className={styles.note} role="alert">
      The schema could not be loaded: {showHidden(known.why)}. Load the page again to complete what you write.
    </p>
  );
}
