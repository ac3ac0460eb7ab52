import { StatusDocument, type StatusQuery } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { useQuery } from "../graphql/use-query.ts";
import styles from "./facts.module.css";
import { modelWords } from "./server-words.ts";

export interface WhoseProps {
  tenant: string;
  /** Who is signed in. */
  subject: string;
}

/** Whose data this is, and whether what answers is an AI: in the header, or where that has no room for it in the palette. */
export function Facts({ tenant, subject, place }: WhoseProps & { place: "header" | "palette" }): ReactNode {
  const [{ data, error }] = useQuery(StatusDocument, {});
  return (
    <dl className={`${styles.facts} ${styles[place]}`}>
      <div>
        <dt>Tenant</dt>
        <dd>{showHidden(tenant)}</dd>
      </div>
      <div>
        <dt>Signed in as</dt>
        <dd>{showHidden(subject)}</dd>
      </div>
      <Model model={data?.modelStatus ?? undefined} unknown={error !== undefined} />
    </dl>
  );
}

function Model({ model, unknown }: { model: StatusQuery["modelStatus"] | undefined; unknown: boolean }): ReactNode {
  return (
    <div>
      <dt>Model</dt>
      <dd title={showHidden(model?.reason ?? "")} data-model-is-ai={model?.isAi}>
        {model === undefined ? (unknown ? "not known" : "…") : modelWords(model)}
      </dd>
    </div>
  );
}
