/** How many cards we hold, how many we may, and how the others stand. */
import { useTranslation } from "react-i18next";
import type { Gpus } from "@/api/types";
import { Said } from "@/parts/Said";
import type { ProcessesOf } from "./data";
import { summaryOf } from "./standing";
import { useUsers } from "./users";

export function Facts({ gpus, processes }: { gpus: Gpus; processes: ProcessesOf }) {
  const { t } = useTranslation();
  const users = useUsers();
  const { held, allowed } = gpus.allowance;
  const found = summaryOf(gpus.cards, processes, gpus.allowance);
  const rest = (["left", "free", "used", "stray", "off", "aside", "outside", "broken"] as const)
    .filter((kind) => found[kind] > 0)
    .map((kind) => t(`gpu.${kind}`, { count: found[kind], users: users(found.users) }));
  return (
    <>
      <Said of="gpu.hold" held={held} allowed={allowed} />
      {rest.length > 0 && t("gpu.rest", { list: rest.join(t("lists.comma")) })}
    </>
  );
}
