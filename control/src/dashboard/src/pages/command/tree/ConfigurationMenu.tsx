/** What can be done with a whole configuration. */
import { ActionIcon, Menu } from "@mantine/core";
import { IconCopy, IconDots, IconHistory, IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import type { Configuration } from "@/api/types";
import { useConfirm } from "@/parts/Confirm";
import { fileName } from "@/parts/schedulers";
import { failed, said } from "@/parts/toast";
import { remove } from "../model/calls";
import { kept } from "../model/kept";
import { unsavedOf } from "../model/unsaved";
import { fileKey } from "../model/useFile";
import { usePage } from "../page";
import { useMake } from "./NewConfiguration";
import css from "./Tree.module.css";

export function ConfigurationMenu({ configuration }: { configuration: Configuration }) {
  const { t } = useTranslation();
  const { which, say, whyNot } = usePage();
  const { index, exists, deletable, why_not } = configuration;
  const make = useMake();
  const ask = useRemoval(configuration);
  const shown = { configuration: index ? String(index) : "", queue: "", task: "" };
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon
          className={css.menu}
          size={20}
          tabIndex={index === which.index ? 0 : -1}
          aria-label={t("command.moreOf", { index })}
          onClick={(event) => event.stopPropagation()}
        >
          <IconDots size={14} stroke={1.75} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown onClick={(event) => event.stopPropagation()}>
        <Menu.Item
          leftSection={<IconCopy size={14} stroke={1.75} />}
          disabled={whyNot !== undefined || !exists}
          title={whyNot}
          onClick={() => void make(index)}
        >
          {t("command.copy")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconHistory size={14} stroke={1.75} />}
          onClick={() => say({ ...shown, open: "versions" })}
        >
          {t("command.versions")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconTrash size={14} stroke={1.75} />}
          disabled={whyNot !== undefined || !deletable}
          title={whyNot ?? why_not ?? undefined}
          onClick={ask}
        >
          {t("command.remove")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function useRemoval({ mode, index, path, tasks, etag }: Configuration): () => void {
  const { t } = useTranslation();
  const { which: shown, say } = usePage();
  const confirm = useConfirm();
  const queries = useQueryClient();
  const which = { mode, index };
  const act = async () => {
    try {
      said((await remove(which, etag)).said);
      unsavedOf(which).discard();
      if (shown.index === index) say({ configuration: "", queue: "", task: "" });
      queries.removeQueries({ queryKey: fileKey(which) });
      await queries.invalidateQueries({ queryKey: ["commands", mode, "list"] });
    } catch (error) {
      failed(error);
    }
  };
  return () => {
    const body = t("command.removeBody", {
      file: fileName(path),
      tasks: t("command.tasks", { count: tasks }),
    });
    confirm({
      title: t("command.removeTitle", { index }),
      body: kept(which) ? `${body} ${t("command.removeUnsaved")}` : body,
      act: { label: t("command.removeDo"), act: () => void act() },
    });
  };
}
