/** A file that is no text: it is shown by nothing here, and so is written over by nothing here. */
import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Empty } from "@/parts/Empty";
import { sentence } from "@/words/reasons";
import { useFileName } from "./Head";
import { fileKey } from "./model/useFile";
import css from "./Command.module.css";
import { usePage } from "./page";

export function Unreadable() {
  const { t } = useTranslation();
  const { file, which } = usePage();
  const queries = useQueryClient();
  const name = useFileName();
  const [fault] = file.saved.all_faults;
  const why = fault ? `${sentence([fault.problem, fault.hint].filter(Boolean).join("; "))} ` : "";
  return (
    <div className={css.alone}>
      <Empty
        title={t("command.unreadable", { file: name })}
        text={`${why}${t("command.unreadableText")}`}
        action={
          <Button
            leftSection={<IconRefresh size={14} stroke={1.75} />}
            onClick={() => void queries.invalidateQueries({ queryKey: fileKey(which) })}
          >
            {t("errors.again")}
          </Button>
        }
      />
    </div>
  );
}
