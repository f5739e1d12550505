/** What can be done with a task beside changing it. */
import { ActionIcon, Menu } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconClipboard,
  IconCopy,
  IconDots,
  IconFileText,
  IconPaperclip,
  IconSwitchHorizontal,
  IconTrash,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { failed, said as toast } from "@/parts/toast";
import { duplicated, moved, nextQueue, removed } from "../model/edits";
import { labelOf } from "../model/sheet";
import { usePage } from "../page";
import { jumpTo } from "../text/jump";
import { BindLog } from "./BindLog";
import type { CardProps } from "./TaskCard";

const MOST_QUEUES = 12;
const icon = { size: 14, stroke: 1.75 };

export function TaskMenu({ item, at, last, nudge, move }: CardProps) {
  const { t } = useTranslation();
  const { file, said, say, whyNot } = usePage();
  const [binding, setBinding] = useState(false);
  const label = labelOf(item);
  const off = whyNot !== undefined;
  const copy = () => {
    const lines = file.text.split("\n").slice(item.first_line - 1, item.last_line);
    navigator.clipboard.writeText(`${lines.join("\n")}\n`).then(() => toast(t("command.copied")), failed);
  };
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={t("command.more", { task: label })}>
            <IconDots size={16} stroke={1.75} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
          <Menu.Item
            leftSection={<IconFileText {...icon} />}
            onClick={() => {
              say({ view: "text" });
              jumpTo(item.first_line);
            }}
          >
            {t("command.showInText")}
          </Menu.Item>
          <Menu.Item leftSection={<IconClipboard {...icon} />} disabled={file.ahead} onClick={copy}>
            {t("command.copyBlock")}
          </Menu.Item>
          <Menu.Item leftSection={<IconPaperclip {...icon} />} onClick={() => setBinding(true)}>
            {t("command.bindLog")}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconCopy {...icon} />}
            disabled={off}
            onClick={() => void file.edit(duplicated(item.id))}
          >
            {t("command.duplicate", { task: label })}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconArrowUp {...icon} />}
            disabled={off || at === 0}
            onClick={() => nudge(-1)}
          >
            {t("command.moveUp")}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconArrowDown {...icon} />}
            disabled={off || last}
            onClick={() => nudge(1)}
          >
            {t("command.moveDown")}
          </Menu.Item>
          <ToQueues item={item} move={move} />
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconTrash {...icon} />}
            disabled={off}
            onClick={() => {
              void file.edit(removed(item.id));
              if (said.task === label) say({ task: "" });
            }}
          >
            {t("command.deleteTask")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {binding && <BindLog item={item} close={() => setBinding(false)} />}
    </>
  );
}

function ToQueues({ item, move }: Pick<CardProps, "item" | "move">) {
  const { t } = useTranslation();
  const { file, whyNot } = usePage();
  const queues = file.queues ?? [];
  const others = queues.filter((queue) => queue.queue_id !== item.queue_id);
  const to = (label: string, queue: number, at: number) => (
    <Menu.Item
      key={queue}
      leftSection={<IconSwitchHorizontal {...icon} />}
      disabled={whyNot !== undefined}
      onClick={() => move(moved(item.id, queue, at))}
    >
      {label}
    </Menu.Item>
  );
  return (
    <>
      {others.slice(0, MOST_QUEUES).map(({ queue_id, queue_name, tasks }) => {
        const queue = `${queue_id} ${queue_name ?? ""}`.trim();
        return to(t("command.moveToQueue", { queue }), queue_id, tasks.length);
      })}
      {to(t("command.moveToNew"), nextQueue(queues), 0)}
    </>
  );
}
